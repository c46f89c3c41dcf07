"""Faults at a chosen time: between two statements, or in the database itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session


@contextmanager
def before_each_statement(engine: Engine, act: Callable[[str], None]) -> Iterator[None]:
    """Call `act` with every statement on `engine` before it is sent; what `act` raises happens there."""

    def listener(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        act(statement)

    event.listen(engine, "before_cursor_execute", listener)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", listener)


class _Crash(BaseException):
    """The process dies here."""


@dataclass
class Crash:
    """How many statements were sent until the block ended, and whether it ended by the crash."""

    sent: int = 0
    happened: bool = False


@contextmanager
def crash_at(engine: Engine, session: Session, number: int) -> Iterator[Crash]:
    """Let the process die in place of statement `number` of the block: the block ends there, and `session`
    is rolled back."""
    crash = Crash()

    def die(_statement: str) -> None:
        crash.sent += 1
        if crash.sent == number:
            raise _Crash

    try:
        with before_each_statement(engine, die):
            yield crash
    except _Crash:
        session.rollback()
        crash.happened = True


@contextmanager
def refusing(engine: Engine, contact_id: int, *, code: str = "check_violation") -> Iterator[None]:
    """Let the database itself refuse to write the contact `contact_id`; `code` is PostgreSQL's."""
    if engine.dialect.name == "sqlite":
        make = [
            f"CREATE TRIGGER refuse BEFORE UPDATE ON contact WHEN OLD.id = {contact_id} "
            "BEGIN SELECT RAISE(ABORT, 'this one not'); END"
        ]
        remove = ["DROP TRIGGER refuse"]
    else:
        make = [
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'this one not' USING ERRCODE = '{code}'; END $$",
            f"CREATE TRIGGER refuse BEFORE UPDATE ON contact FOR EACH ROW WHEN (OLD.id = {contact_id}) "
            "EXECUTE FUNCTION refuse()",
        ]
        remove = ["DROP TRIGGER refuse ON contact", "DROP FUNCTION refuse"]
    _execute(engine, make)
    try:
        yield
    finally:
        _execute(engine, remove)


@contextmanager
def refusing_to_delete(session: Session, contact_id: int) -> Iterator[None]:
    """Let the database itself refuse to delete the contact, on the session's own connection."""
    if session.get_bind().dialect.name == "sqlite":
        make = [
            f"CREATE TEMP TRIGGER refuse BEFORE DELETE ON contact WHEN OLD.id = {contact_id} "
            "BEGIN SELECT RAISE(ABORT, 'this one not'); END"
        ]
        remove = ["DROP TRIGGER refuse"]
    else:
        make = [
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'this one not' USING ERRCODE = 'check_violation'; END $$",
            f"CREATE TRIGGER refuse BEFORE DELETE ON contact FOR EACH ROW WHEN (OLD.id = {contact_id}) "
            "EXECUTE FUNCTION refuse()",
        ]
        remove = ["DROP TRIGGER refuse ON contact", "DROP FUNCTION refuse"]
    for statement in make:
        session.execute(text(statement))
    try:
        yield
    finally:
        for statement in remove:
            session.execute(text(statement))


@contextmanager
def no_room(engine: Engine) -> Iterator[None]:
    """Let the database of `engine` have no room for a further batch of a job: SQLite's file must not grow,
    PostgreSQL reports a full disk."""
    if engine.dialect.name == "postgresql":
        with _full(engine, "restore_batch", "true"):
            yield
        return

    def limit(connection: Connection) -> None:
        # Never below the size in use.
        connection.exec_driver_sql("PRAGMA max_page_count=1")

    event.listen(engine, "begin", limit)
    try:
        yield
    finally:
        event.remove(engine, "begin", limit)
        # The limit stays with the connection.
        engine.dispose()


@contextmanager
def full_from(engine: Engine, contact_id: int) -> Iterator[None]:
    """Let PostgreSQL report a full disk for the outcome of a contact up to `contact_id`."""
    with _full(engine, "restore_outcome", f"NEW.contact_id <= {contact_id}"):
        yield


@contextmanager
def _full(engine: Engine, table: str, when: str) -> Iterator[None]:
    make = [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' "
        "USING ERRCODE = 'disk_full'; END $$",
        f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW "
        f"WHEN ({when}) EXECUTE FUNCTION refuse()",
    ]
    _execute(engine, make)
    try:
        yield
    finally:
        _execute(engine, [f"DROP TRIGGER refuse ON {table}", "DROP FUNCTION refuse"])


def _execute(engine: Engine, statements: list[str]) -> None:
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        for statement in statements:
            connection.execute(text(statement))
