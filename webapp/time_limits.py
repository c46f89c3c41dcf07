"""How long a statement may take: in the web always, elsewhere inside a block that says so.

PostgreSQL has a setting for it. SQLite asks a function of ours every millisecond whether to go on; it looks
at two deadlines, of the block and of the statement.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from psycopg.errors import QueryCanceled
from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

# SQLite asks after so many steps, every millisecond or so.
STEPS = 10_000
NEVER = float("inf")


class TookTooLong(Exception):
    """A statement was ended by its time limit. The transaction is over."""


@dataclass
class Deadlines:
    """When SQLite stops: kept with each connection."""

    block: float = NEVER
    statement: float = NEVER

    def are_up(self) -> bool:
        return monotonic() > min(self.block, self.statement)


@contextmanager
def time_limit(session: Session, seconds: float) -> Iterator[None]:
    """Let no statement inside take longer than `seconds`; on SQLite, all of them together. On PostgreSQL it
    holds until the transaction ends. Raises TookTooLong, after a rollback."""
    try:
        with _limited(session, seconds):
            yield
    except OperationalError as error:
        if not is_ended_by_limit(error):
            raise
        session.rollback()
        raise TookTooLong from error


def limit_statements(engine: Engine, seconds: float, applies: Callable[[], bool]) -> None:
    """End each statement after `seconds` that is sent while `applies()`. Such a statement raises
    OperationalError, for which `is_ended_by_limit` is true."""
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "before_cursor_execute")
        def set_deadline(connection: Connection, *_: Any) -> None:
            _deadlines(connection).statement = monotonic() + seconds if applies() else NEVER

        return

    @event.listens_for(engine, "checkout")
    def set_limit(dbapi_connection: Any, record: Any, _proxy: Any) -> None:
        # Only where it differs from the last time, because it is a statement of its own.
        milliseconds = round(seconds * 1000) if applies() else 0
        if record.info.get("statement_timeout", 0) == milliseconds:
            return
        dbapi_connection.execute(f"SET statement_timeout = {milliseconds}")
        # Otherwise a rollback of the driver's transaction would undo the setting.
        dbapi_connection.commit()
        record.info["statement_timeout"] = milliseconds


def is_ended_by_limit(error: DBAPIError) -> bool:
    """Whether the statement took longer than it may."""
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return isinstance(error.orig, QueryCanceled)


@contextmanager
def _limited(session: Session, seconds: float) -> Iterator[None]:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.set_config("statement_timeout", str(round(seconds * 1000)), True)))
        yield
        return
    deadlines = _deadlines(session.connection())
    deadlines.block = monotonic() + seconds
    try:
        yield
    finally:
        deadlines.block = NEVER


def _deadlines(connection: Connection) -> Deadlines:
    """Those of this connection to SQLite."""
    found: Deadlines = connection.info.setdefault("deadlines", Deadlines())
    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(found.are_up, STEPS)
    return found
