"""How a migration changes tables that are in use, on PostgreSQL. On SQLite it runs alone, in one transaction.

ALTER TABLE needs the table for itself. While it waits for a transaction that uses the table, such as a
backup, each request that comes later waits behind it. While it holds one table and waits for a second, a
request that has used the second and waits for the first is in a deadlock with it, and may be the one that
PostgreSQL ends. Therefore (docs/adr/0045):

- A transaction of a migration locks one table that is in use, with its strongest lock first. `commit()`
  begins the next one. What is before it must be safe to do twice; a migration that was killed begins again.
- It waits for a lock for LOCK_SECONDS, then rolls back, lets the others pass, and begins again (`patiently`).
- Indexes are built while others write (`beside_others`, `build_index`). Rows are filled in batches that skip
  what is locked.

`tests/laws/test_locks_of_migrations.py` reads the locks of each statement of each migration.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import sleep
from typing import Any

import sqlalchemy as sa
import structlog
from alembic import op
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

log = structlog.get_logger()

# As long as a page may wait for a migration that waits.
LOCK_SECONDS = 1.0
# Time for those who have waited behind it.
PAUSE_SECONDS = 2.0
# For half an hour: a nightly backup ends in this time, and the host's limit for the release phase is longer.
# Tries are counted, because building an index between two of them may take longer than that.
TRIES = 600


def is_postgresql() -> bool:
    """Whether the migration runs on PostgreSQL."""
    return op.get_bind().dialect.name == "postgresql"


def patiently(migrate: Callable[[], None]) -> None:
    """Call `migrate` until no lock is in its way. Raises RuntimeError after TRIES: what is committed by then
    stays, and the next run continues there."""
    for left in reversed(range(TRIES)):
        try:
            migrate()
            return
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable | DeadlockDetected):
                raise
            statement = " ".join((error.statement or "").split())[:120]
            if not left:
                raise RuntimeError(
                    f"Other transactions have kept a table in use, {TRIES} times that it was needed. End them"
                    f" and run this again. The statement that waited: {statement}"
                ) from error
            log.warning("migration_gives_way", statement=statement)
        sleep(PAUSE_SECONDS)


def limit_waiting(connection: Connection, seconds: float | None = None) -> None:
    """Let no statement of this connection wait for a lock for longer than so many seconds, by default
    LOCK_SECONDS; 0 is for ever."""
    milliseconds = round((LOCK_SECONDS if seconds is None else seconds) * 1000)
    connection.exec_driver_sql(f"SET lock_timeout = {milliseconds}")


def commit() -> None:
    """Commit what the migration has done so far, and begin its next transaction."""
    if is_postgresql():
        with op.get_context().autocommit_block():
            pass


@contextmanager
def beside_others() -> Iterator[None]:
    """Each statement inside is a transaction of its own, and may wait for others as long as it takes: it must
    lock no table in such a way that a reader or a writer waits for it."""
    if not is_postgresql():
        yield
        return
    with op.get_context().autocommit_block():
        limit_waiting(op.get_bind(), 0)
        yield
        limit_waiting(op.get_bind())


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Add the column, unless a migration that was killed has done so. SQLite rolls back what was killed."""
    op.add_column(table, column, if_not_exists=is_postgresql() or None)


def build_index(
    name: str, table: str, columns: Sequence[str], *, where: str | None = None, **options: Any
) -> None:
    """Build the index in place of the one that has its name, if there is one: a build that was killed leaves
    an invalid one. Inside of `beside_others`."""
    new = f"{name}_new" if is_postgresql() else name
    drop_index(new, table)
    condition = sa.text(where) if where else None
    op.create_index(
        new,
        table,
        list(columns),
        sqlite_where=condition,
        postgresql_where=condition,
        postgresql_concurrently=is_postgresql(),
        **options,
    )
    if is_postgresql():
        drop_index(name, table)
        op.execute(f"ALTER INDEX {new} RENAME TO {name}")


def drop_index(name: str, table: str) -> None:
    """Drop the index if it is there. Inside of `beside_others`."""
    op.drop_index(name, table, if_exists=True, postgresql_concurrently=is_postgresql())
