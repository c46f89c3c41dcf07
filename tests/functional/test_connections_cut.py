"""PostgreSQL cuts a connection: the next request is answered as ever; one that is cut gets 503."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.processes import wait_until

# SQLite has no server.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session"),
]


@pytest.fixture
def operator(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own, which sees and ends the others."""
    with psycopg.connect(database_url, autocommit=True) as operator:
        yield operator


def cut_all(operator: psycopg.Connection[Any]) -> None:
    """End all other connections to the database, as its restart does, or a limit for idle ones."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert operator.execute(f"SELECT pg_terminate_backend(pid) {others}").rowcount > 0
    wait_until(lambda: not operator.execute(f"SELECT 1 {others}").fetchall())


def test_a_request_after_the_cut_is_answered_as_ever(
    admin: Browser,
    browse: Callable[..., Browser],
    world: World,
    store: Session,
    operator: psycopg.Connection[Any],
) -> None:
    contact = new_contact(store, world)
    store.commit()
    dialog = admin.get(f"/contacts/delete?selected={contact.id}")

    cut_all(operator)
    assert browse().sign_in(world.admin.email, "wrong").status == 422
    cut_all(operator)
    assert "You deleted 1 contact just now." in admin.press(dialog, dialog.one("dialog form button")).text
    cut_all(operator)
    assert admin.get("/readyz").status == 200


def terminated(connection: psycopg.Connection[Any], operator: psycopg.Connection[Any]) -> None:
    operator.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])


def idle_for_too_long(connection: psycopg.Connection[Any], _operator: psycopg.Connection[Any]) -> None:
    connection.execute("SET idle_in_transaction_session_timeout = 1")


@contextmanager
def cut_at_second_statement(
    engine: Engine, operator: psycopg.Connection[Any], cut: Callable[..., None]
) -> Iterator[None]:
    """Cut the connection of the block's second statement before it is sent."""
    sent = []

    def listener(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)
        if len(sent) == 2:
            victim = cursor.connection
            cut(victim, operator)
            alive = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
            wait_until(lambda: not operator.execute(alive, [victim.info.backend_pid]).fetchall())

    event.listen(engine, "before_cursor_execute", listener)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", listener)
    assert len(sent) >= 2


@pytest.mark.parametrize("cut", [terminated, idle_for_too_long])
def test_a_cut_within_a_request_is_no_defect_of_ours(
    cut: Callable[..., None],
    admin: Browser,
    engine: Engine,
    operator: psycopg.Connection[Any],
) -> None:
    with cut_at_second_statement(engine, operator, cut):
        refused = admin.get("/contacts")

    assert refused.status == 503
    assert "Nothing was changed. Wait a few seconds and try again." in refused.text
    assert admin.press(refused, "Try again").status == 200
