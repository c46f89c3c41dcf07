"""One release phase at a time: hosts can start two at once, and two migrations of one database collide.

The lock is held beside the migrations, on a connection or a file of its own, and goes with its process. Both
kinds are asked for again and again instead of waited for: a PostgreSQL session that waits has a snapshot, and
an index that is built concurrently waits for all older snapshots, so each would wait for the other.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import click
from sqlalchemy import Engine, func, select

from webapp.cli.database import Refusal
from webapp.private_files import make_private_file

# As long as a migration may wait for others (webapp/migrating.py), and below a host's limit for the phase.
WAIT_SECONDS = 30 * 60.0
ASK_SECONDS = 0.5
# "release", as PostgreSQL's key; workspaces have their ids.
KEY = int.from_bytes(b"release", "big")


@contextmanager
def one_release(engine: Engine) -> Iterator[None]:
    """Be the only release phase on this database. Waits for another one to end, and says so; raises Refusal
    after WAIT_SECONDS."""
    with _asking(engine) as is_ours:
        if not is_ours():
            click.echo("Another release phase is at work on this database. Waiting for its end.")
            _wait(is_ours)
        yield


def _wait(is_ours: Callable[[], bool]) -> None:
    for _ in range(round(WAIT_SECONDS / ASK_SECONDS)):
        sleep(ASK_SECONDS)
        if is_ours():
            return
    raise Refusal(
        f"Another release phase has been at work on this database for {WAIT_SECONDS / 60:.0f} minutes."
        " Nothing was changed. See whether it still runs, and run this again."
    )


@contextmanager
def _asking(engine: Engine) -> Iterator[Callable[[], bool]]:
    """How to ask for the lock once; whether it is ours then. It is given back at the end."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            try:
                yield lambda: bool(connection.scalar(select(func.pg_try_advisory_lock(KEY))))
            finally:
                # The session ends, and the lock with it.
                connection.invalidate()
    else:
        path = Path(f"{engine.url.database}.release")
        make_private_file(path)
        with path.open("rb") as file:

            def lock() -> bool:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                return True

            yield lock
