"""Transactions: a writer reads again first, all of it is committed or nothing, readers block no writer."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import Engine, create_engine, insert, select, text, update
from sqlalchemy.exc import InternalError, NoResultFound, OperationalError
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.faults import before_each_statement
from webapp.database import (
    avoid_whole_table_plans,
    engine_options,
    id_table,
    lock_workspace,
    set_transaction_timeouts,
    write_transaction,
)
from webapp.models import Tag, Workspace


def rename(session: Session, world: World, name: str) -> None:
    session.execute(update(Workspace).where(Workspace.id == world.id).values(name=name))


def name_of(session: Session, world: World) -> str | None:
    return session.scalar(select(Workspace.name).where(Workspace.id == world.id))


def is_locked(engine: Engine) -> bool:
    """Whether a connection is writing; on SQLite only one can."""
    assert engine.url.database
    with closing(sqlite3.connect(engine.url.database, timeout=0)) as impatient:
        try:
            impatient.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def one_row(session: Session, world: World) -> None:
    rename(session, world, "Southwind")


def many_rows(session: Session, world: World) -> None:
    rows = [{"workspace_id": world.id, "name": f"Tag {number}"} for number in range(100)]
    session.execute(insert(Tag), rows)


@pytest.mark.parametrize("write", [one_row, many_rows])
def test_a_worker_that_is_silent_in_a_transaction_loses_it_with_its_locks(
    write: Callable[[Session, World], None], engine: Engine, store: Session, world: World
) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("on SQLite the lock is the silent process's own")
    workers = create_engine(engine.url, **engine_options("postgresql"))
    set_transaction_timeouts(workers, 0.1)
    with Session(workers) as silent:
        lock_workspace(silent, world.id)
        write(silent, world)

        store.execute(text("SET LOCAL lock_timeout = '30s'"))
        lock_workspace(store, world.id)

        with pytest.raises(InternalError):
            name_of(silent, world)
    workers.dispose()


def test_a_write_transaction_commits_at_its_end(store: Session, other: Session, world: World) -> None:
    with write_transaction(store):
        rename(store, world, "Southwind")
        assert name_of(other, world) == "Northwind"
        other.rollback()

    assert name_of(other, world) == "Southwind"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_rolls_back_the_whole_transaction(
    error: type[BaseException], store: Session, other: Session, world: World
) -> None:
    def write_and_fail() -> None:
        with write_transaction(store):
            rename(store, world, "Southwind")
            raise error

    with pytest.raises(error):
        write_and_fail()

    assert name_of(other, world) == name_of(store, world) == "Northwind"


def test_a_write_transaction_reads_again_what_was_read_before(
    store: Session, other: Session, world: World
) -> None:
    """The request has read its user, and another connection has written since."""
    read_before = store.get_one(Workspace, world.id)
    with write_transaction(other):
        rename(other, world, "Southwind")

    with write_transaction(store):
        assert read_before.name == "Southwind"
        rename(store, world, read_before.name + " & Sons")

    assert name_of(other, world) == "Southwind & Sons"


def test_on_sqlite_the_write_lock_is_held_from_the_start(store: Session, engine: Engine) -> None:
    """Taken later, it would be refused at once to a transaction that has read."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    assert not is_locked(engine)
    with write_transaction(store):
        assert is_locked(engine)
    assert not is_locked(engine)


def test_on_sqlite_reading_blocks_no_writer(store: Session, world: World, engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    name_of(store, world)

    assert store.in_transaction()
    assert not is_locked(engine)


def test_on_sqlite_connections_enforce_foreign_keys_and_have_a_busy_timeout(
    store: Session, engine: Engine
) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("settings of SQLite")
    settings = {
        name: store.connection().exec_driver_sql(f"PRAGMA {name}").scalar()
        for name in ("foreign_keys", "journal_mode", "busy_timeout")
    }

    assert settings == {"foreign_keys": 1, "journal_mode": "wal", "busy_timeout": 5000}


def test_on_sqlite_a_writer_that_finds_the_lock_taken_retries(
    store: Session, other: Session, world: World, engine: Engine
) -> None:
    """SQLite itself would retry more and more rarely, and miss the pauses of a busy writer."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    asked = 0

    def release_at_third_retry(statement: str) -> None:
        nonlocal asked
        asked += statement == "BEGIN IMMEDIATE"
        if asked == 3:
            other.rollback()

    other.connection(execution_options={"writes": True})
    with before_each_statement(engine, release_at_third_retry), write_transaction(store):
        rename(store, world, "Southwind")
        timeout = store.connection().exec_driver_sql("PRAGMA busy_timeout").scalar()

    assert (asked, timeout) == (3, 5000)
    assert name_of(other, world) == "Southwind"


def test_on_sqlite_a_writer_that_never_gets_the_lock_gives_up(
    store: Session, other: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    monkeypatch.setattr("webapp.database.BUSY_MILLISECONDS", 100)
    other.connection(execution_options={"writes": True})

    with pytest.raises(OperationalError, match="locked"), write_transaction(store):
        pytest.fail("two had the lock")

    other.rollback()
    with write_transaction(store):
        assert is_locked(engine)
    # Its connections have the short timeout of this test.
    engine.dispose()


def test_a_workspace_that_does_not_exist_cannot_be_locked(store: Session) -> None:
    with pytest.raises(NoResultFound), write_transaction(store):
        lock_workspace(store, 0)


def test_a_worker_does_not_wait_for_a_lock_forever(engine: Engine, store: Session, world: World) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("on SQLite no connection waits for more than five seconds")
    workers = create_engine(engine.url, **engine_options("postgresql"))
    set_transaction_timeouts(workers, 0.1)
    lock_workspace(store, world.id)

    with Session(workers) as waiting, pytest.raises(OperationalError, match="lock timeout"):
        lock_workspace(waiting, world.id)
    workers.dispose()


@pytest.mark.parametrize("numbers", [[], [7], [3, 1, 2**40, 1], list(range(100_000))])
def test_numbers_become_rows_of_a_table(session: Session, numbers: list[int]) -> None:
    """One parameter, so their number is not limited by the number of parameters of a statement."""
    table = id_table(session, numbers)

    assert list(session.scalars(select(table.c.value))) == numbers


def test_the_planner_is_restricted_for_one_transaction_only(store: Session, engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("PostgreSQL's planner reads statistics")
    setting = text("SHOW enable_seqscan")
    avoid_whole_table_plans(store)
    assert store.scalar(setting) == "off"

    store.commit()

    assert store.scalar(setting) == "on"
