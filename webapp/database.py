"""How we talk to the two databases, so that the rest of the code need not know which one it is.

On SQLite Python's driver is told to keep its hands off transactions (`isolation_level=None`) and ours
are begun by the events below: reads deferred, writes IMMEDIATE. A deferred transaction that turns to
writing fails at once with "database is locked", however long the busy timeout; hence `write_transaction`.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Engine,
    FromClause,
    String,
    cast,
    event,
    func,
    literal,
    select,
)
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import TypedReturnsRows

from webapp.models import Workspace

Item = TypeVar("Item")
Value = TypeVar("Value")

WHOLE_TABLE_PLANS = ("seqscan", "hashjoin", "mergejoin", "sort")

BUSY_MILLISECONDS = 5000
# SQLite asks again after 1, 2, 5, 10, 15 and 20 ms, which are these, and more rarely from then on.
RETRY_MILLISECONDS = 53


def engine_options(url: str) -> dict[str, Any]:
    """The keyword arguments `create_engine` needs for the database at `url`."""
    # Names and addresses are parameters: an error that is logged must not carry them along.
    discreet = {"hide_parameters": True}
    if url.startswith("sqlite"):
        timeout = BUSY_MILLISECONDS / 1000
        return discreet | {"connect_args": {"isolation_level": None, "timeout": timeout}}
    return discreet | {
        # A connection that died with the database's restart is replaced before it is used.
        "pool_pre_ping": True,
        "pool_size": 10,
        "connect_args": {
            "connect_timeout": 5,
            "application_name": "restore",
            # A server that is gone without a word is noticed within half a minute, not after two hours.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 25_000,
        },
    }


def prepare(engine: Engine) -> None:
    """Install what SQLite needs on each connection and at each BEGIN; nothing on other databases."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def set_pragmas(dbapi_connection: Any, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_MILLISECONDS}",
            "synchronous=NORMAL",
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes", False):
            _begin_immediate(connection)
        else:
            connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    """Begin IMMEDIATE, asking for the write lock every 20 ms at least.

    SQLite's own waiting asks ever more rarely, in the end every 100 ms, and can so miss each pause of
    somebody who writes batch after batch. Raises OperationalError after BUSY_MILLISECONDS.
    """
    deadline = monotonic() + BUSY_MILLISECONDS / 1000
    connection.exec_driver_sql(f"PRAGMA busy_timeout={RETRY_MILLISECONDS}")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                if not _is_busy(error) or monotonic() >= deadline:
                    raise
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")


def _is_busy(error: OperationalError) -> bool:
    return isinstance(error.orig, sqlite3.Error) and error.orig.sqlite_errorcode == sqlite3.SQLITE_BUSY


def set_transaction_timeouts(engine: Engine, seconds: float) -> None:
    """Let the server end a transaction in which this process says nothing for so long, and free its locks.

    Nor does this process wait for somebody else's lock for more than twice as long: one who has forgotten to
    commit would otherwise hold up the worker, and with it every account.

    On PostgreSQL only: on SQLite the lock is the process's own, and nobody can take it away.
    """
    if engine.dialect.name != "postgresql":
        return
    # psycopg sends many rows as a pipeline, and there the server's clock stands still: while it waits for the
    # next row, and after the last one as well, until another statement comes. So they go in one statement.
    engine.dialect.use_insertmanyvalues_wo_returning = True

    @event.listens_for(engine, "connect")
    def set_timeout(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.execute(f"SET idle_in_transaction_session_timeout = {round(seconds * 1000)}")
        dbapi_connection.execute(f"SET lock_timeout = {round(seconds * 2000)}")
        # Else the setting would go with the transaction that the driver has begun for it.
        dbapi_connection.commit()


@contextmanager
def write_transaction(session: Session) -> Iterator[None]:
    """Everything that writes runs in one of these: commits at the end, rolls back on any error.

    The read transaction that may be open (signing in has already read) is ended first, so whatever the
    writing decides on is read again, inside. On SQLite the write lock is taken at the start.
    """
    session.rollback()
    session.connection(execution_options={"writes": True})
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def lock_workspace(session: Session, workspace_id: int) -> Workspace:
    """Lock the workspace's row until the transaction ends; whoever numbers or counts in it waits here.

    On SQLite the write transaction itself is the lock. Raises NoResultFound for an unknown workspace.
    """
    return session.execute(
        select(Workspace).where(Workspace.id == workspace_id).with_for_update(key_share=True)
    ).scalar_one()


def id_table(session: Session, numbers: Sequence[int]) -> FromClause:
    """`numbers` as a table of one column, `value`: sent as one value, so that the statement is the same for
    one and for thousands."""
    if session.get_bind().dialect.name == "postgresql":
        # Written out here, because the driver does it one number at a time, in Python.
        array = cast(literal("{" + ",".join(map(str, numbers)) + "}", String), ARRAY(BigInteger))
        return func.unnest(array).table_valued("value").render_derived()
    return func.json_each(json.dumps(numbers)).table_valued("value")


def avoid_whole_table_plans(session: Session) -> None:
    """Turn the planner away from reading tables whole, hashing and sorting them, until the transaction ends.

    While a restore empties the bin and fills the live side the statistics are wrong about both, and a plan
    that reads one of them whole, once for each batch, is a thousand times slower. SQLite has no such setting:
    there the statements themselves leave one way (`filter_only`).
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(*(func.set_config(f"enable_{way}", "off", True) for way in WHOLE_TABLE_PLANS)))


# Of what the session has loaded nothing is adapted: who reads an object again after this refreshes it. The
# number of rows is asked for, because an INSERT from a SELECT does not tell it otherwise.
_EXECUTION_OPTIONS = {"synchronize_session": False, "preserve_rowcount": True}


def execute_update(session: Session, statement: UpdateBase) -> int:
    """Execute an UPDATE, a DELETE or an INSERT from a SELECT, and return how many rows it wrote.

    Objects that the session has loaded keep their old values until they are refreshed.
    """
    result = session.execute(statement, execution_options=_EXECUTION_OPTIONS)
    assert isinstance(result, CursorResult)
    return result.rowcount


def execute_returning(session: Session, statement: TypedReturnsRows[Value]) -> list[Value]:
    """Execute an UPDATE, DELETE or INSERT that returns one column, as `execute_update` does; its values."""
    return list(session.scalars(statement, execution_options=_EXECUTION_OPTIONS))


def slices(items: Sequence[Item], size: int = 10_000) -> Iterator[Sequence[Item]]:
    """`items` in pieces of at most `size`: SQLite takes at most 32 766 parameters in one statement."""
    return (items[start : start + size] for start in range(0, len(items), size))
