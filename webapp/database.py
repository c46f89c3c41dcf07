"""Access to the two databases, so that other code need not distinguish them.

On SQLite Python's driver begins no transactions (`isolation_level=None`); the events below do: reads
deferred, writes IMMEDIATE. A deferred transaction that starts to write fails at once with "database is
locked", whatever the busy timeout is; hence `write_transaction`.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Select,
    String,
    any_,
    cast,
    event,
    func,
    inspect,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TypedReturnsRows

from webapp.models import Base, Workspace

Item = TypeVar("Item")
Value = TypeVar("Value")

WHOLE_TABLE_PLANS = ("seqscan", "hashjoin", "mergejoin", "sort")

BUSY_MILLISECONDS = 5000
# SQLite retries after 1, 2, 5, 10, 15 and 20 ms, which add up to this, and then less often.
RETRY_MILLISECONDS = 53


def engine_options(url: str) -> dict[str, Any]:
    """The keyword arguments of `create_engine` for the database at `url`."""
    # Parameters contain names and addresses, which must not appear in logged errors.
    common = {"hide_parameters": True}
    if url.startswith("sqlite"):
        timeout = BUSY_MILLISECONDS / 1000
        return common | {"connect_args": {"isolation_level": None, "timeout": timeout}}
    return common | {
        # Replaces connections that were closed by a restart of the database.
        "pool_pre_ping": True,
        "pool_size": 10,
        "connect_args": {
            "connect_timeout": 5,
            "application_name": "restore",
            # Detects a dead server within half a minute instead of two hours.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 25_000,
        },
    }


def prepare(engine: Engine) -> None:
    """Install the events for each connection and each BEGIN on SQLite; nothing on other databases."""
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
        dbapi_connection.create_function("sha256_hex", 1, _sha256_hex, deterministic=True)
        dbapi_connection.create_function("lower_text", 1, str.lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("writes", False):
            _begin_immediate(connection, 0 if options.get("at_once", False) else BUSY_MILLISECONDS)
        else:
            connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection, patience: int) -> None:
    """Begin IMMEDIATE, retrying the write lock every 20 ms at least.

    SQLite itself retries less and less often, in the end every 100 ms, and can miss all pauses of a job that
    writes batch after batch. Raises OperationalError after `patience` milliseconds.
    """
    deadline = monotonic() + patience / 1000
    connection.exec_driver_sql(f"PRAGMA busy_timeout={min(patience, RETRY_MILLISECONDS)}")
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


class sha256_hex(FunctionElement[str]):  # noqa: N801 (it is written as a function of the database)
    """The SHA-256 of a text in hexadecimal digits; null for null. SQLite gets it from Python."""

    type = String()
    name = "sha256_hex"
    inherit_cache = True


@compiles(sha256_hex, "postgresql")
def _sha256_on_postgresql(element: sha256_hex, compiler: SQLCompiler, **kw: Any) -> str:
    return f"encode(sha256(convert_to({compiler.process(element.clauses, **kw)}, 'UTF8')), 'hex')"


@compiles(sha256_hex, "sqlite")
def _sha256_on_sqlite(element: sha256_hex, compiler: SQLCompiler, **kw: Any) -> str:
    return f"sha256_hex({compiler.process(element.clauses, **kw)})"


class lower_text(FunctionElement[str]):  # noqa: N801 (it is written as a function of the database)
    """A text in lower case, as Unicode defines it. SQLite gets it from Python: its own knows ASCII only."""

    type = String()
    name = "lower_text"
    inherit_cache = True


@compiles(lower_text, "postgresql")
def _lower_on_postgresql(element: lower_text, compiler: SQLCompiler, **kw: Any) -> str:
    return f"lower({compiler.process(element.clauses, **kw)})"


@compiles(lower_text, "sqlite")
def _lower_on_sqlite(element: lower_text, compiler: SQLCompiler, **kw: Any) -> str:
    return f"lower_text({compiler.process(element.clauses, **kw)})"


def _sha256_hex(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def set_transaction_timeouts(engine: Engine, seconds: float) -> None:
    """Let the server end this process's transactions after `seconds` without a statement.

    Also limits the wait for a lock to twice that time, so that another process with an open transaction
    cannot block the worker, and with it every account.

    On PostgreSQL only: SQLite cannot end another process's transaction.
    """
    if engine.dialect.name != "postgresql":
        return
    # psycopg sends many rows as a pipeline, in which this timeout does not work: neither between two rows nor
    # after the last one. So many rows become one statement.
    engine.dialect.use_insertmanyvalues_wo_returning = True

    @event.listens_for(engine, "connect")
    def set_timeout(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.execute(f"SET idle_in_transaction_session_timeout = {round(seconds * 1000)}")
        dbapi_connection.execute(f"SET lock_timeout = {round(seconds * 2000)}")
        # Otherwise a rollback of the driver's transaction would undo the setting.
        dbapi_connection.commit()


@contextmanager
def write_transaction(session: Session) -> Iterator[None]:
    """A transaction for writing: commits at the end, rolls back on any error.

    First ends an open read transaction (Flask-Login has already read), so that the code inside reads current
    data. On SQLite it takes the write lock at the start.
    """
    session.rollback()
    session.connection(execution_options={"writes": True})
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def write_without_waiting(engine: Engine, statement: UpdateBase) -> bool:
    """Execute a statement in a transaction of its own, if nothing is in its way; returns whether it was
    executed.

    For what may be left out, so no failure of the database is an error. On SQLite any other writer is in the
    way; on PostgreSQL the statement itself skips locked rows.
    """
    try:
        with engine.connect().execution_options(writes=True, at_once=True) as connection, connection.begin():
            connection.execute(statement)
    except SQLAlchemyError:
        return False
    return True


def lock_workspace(session: Session, workspace_id: int, *, changes_it: bool = True) -> Workspace:
    """Lock the workspace's row until the transaction ends. Code that numbers or counts in it needs the lock.

    The transaction counts as a change of the workspace, by which the pages know that numbers which they
    counted before are old, unless it is one batch of many (`changes_it`). On SQLite the write transaction
    itself is the lock. Raises NoResultFound for an unknown workspace.
    """
    this = Workspace.id == workspace_id
    if not changes_it:
        return session.execute(select(Workspace).where(this).with_for_update(key_share=True)).scalar_one()
    return session.execute(
        update(Workspace).where(this).values(changes=Workspace.changes + 1).returning(Workspace),
        execution_options={"synchronize_session": False, "populate_existing": True},
    ).scalar_one()


def take_turn(session: Session, what: str) -> None:
    """Let no two transactions that take a turn at `what` run at once, where no row stands for it: the later
    one waits here until the earlier one has ended.

    On SQLite the write transaction itself is the lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = int.from_bytes(hashlib.sha256(what.encode()).digest()[:8], signed=True)
        session.execute(select(func.pg_advisory_xact_lock(key)))


def id_table(session: Session, numbers: Sequence[int]) -> FromClause:
    """`numbers` as a table with one column, `value`. They are one parameter, so that the statement is the
    same for one and for thousands."""
    if session.get_bind().dialect.name == "postgresql":
        # Formatted here, because the driver converts the numbers one by one in Python.
        array = cast(literal("{" + ",".join(map(str, numbers)) + "}", String), ARRAY(BigInteger))
        return func.unnest(array).table_valued("value").render_derived()
    return func.json_each(json.dumps(numbers)).table_valued("value")


def one_of(
    session: Session, column: InstrumentedAttribute[Any], texts: Collection[str]
) -> ColumnElement[bool]:
    """Whether the column is one of these texts, one or thousands. On PostgreSQL they are one parameter,
    because the driver takes longer to read a statement with thousands than the server to execute it."""
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(texts), ARRAY(String)))
    return column.in_(texts)


def text_table(session: Session, texts: Sequence[str]) -> FromClause:
    """The same of `texts`."""
    if session.get_bind().dialect.name == "postgresql":
        return func.unnest(literal(list(texts), ARRAY(String))).table_valued("value").render_derived()
    return func.json_each(json.dumps(texts)).table_valued("value")


def avoid_whole_table_plans(session: Session) -> None:
    """Keep the planner from scanning, hashing and sorting whole tables, until the transaction ends.

    During a restore the statistics of deleted and live contacts are wrong, and a plan that scans them all in
    every batch is a thousand times slower. SQLite has no such setting: there the statements allow only one
    plan (`filter_only`).
    """
    _tell_planner(session, **{f"enable_{plan}": "off" for plan in WHOLE_TABLE_PLANS})


def compare_whole_tables(session: Session) -> None:
    """Keep the planner from looking up each of very many rows by itself, until the transaction ends.

    It expects few rows from a subquery, and a nested loop over a million takes three times as long as a hash.
    """
    _tell_planner(session, enable_nestloop="off", work_mem="128MB", jit="off")


def stay_on_one_core(session: Session) -> None:
    """Keep PostgreSQL from dividing a long statement among several processes, until the transaction ends:
    for one that can wait, beside others that a person waits for."""
    _tell_planner(session, max_parallel_workers_per_gather="0", jit="off")


def _tell_planner(session: Session, **settings: str) -> None:
    """Change these settings of PostgreSQL until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))


# Loaded objects are not changed; the caller refreshes them. An INSERT from a SELECT reports its number of
# rows only with `preserve_rowcount`.
_EXECUTION_OPTIONS = {"synchronize_session": False, "preserve_rowcount": True}


def execute_update(session: Session, statement: UpdateBase) -> int:
    """Execute an UPDATE, a DELETE or an INSERT from a SELECT, and return how many rows it wrote.

    Objects that the session has loaded keep their old values until they are refreshed.
    """
    result = session.execute(statement, execution_options=_EXECUTION_OPTIONS)
    assert isinstance(result, CursorResult)
    return result.rowcount


def insert_or_update(
    session: Session, model: type[Base], columns: Sequence[str], rows: Select[Any], *, add_to: str
) -> None:
    """Insert `rows`, which have these columns. Where one has the primary key of an existing row, add its
    `add_to` to that of the existing row."""
    # SQLite reads "ON CONFLICT" after a SELECT without WHERE as a join's condition.
    each = rows.subquery()
    into = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(model)
    statement = into.from_select(list(columns), select(each).where(true()))
    total = getattr(model, add_to) + statement.excluded[add_to]
    execute_update(
        session,
        statement.on_conflict_do_update(index_elements=inspect(model).primary_key, set_={add_to: total}),
    )


def execute_returning(session: Session, statement: TypedReturnsRows[Value]) -> list[Value]:
    """Execute an UPDATE, DELETE or INSERT that returns one column, like `execute_update`; its values."""
    return list(session.scalars(statement, execution_options=_EXECUTION_OPTIONS))


def slices(items: Sequence[Item], size: int = 10_000) -> Iterator[Sequence[Item]]:
    """`items` in pieces of at most `size`: SQLite takes at most 32 766 parameters in one statement."""
    return (items[start : start + size] for start in range(0, len(items), size))
