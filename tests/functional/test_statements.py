"""A page costs a few statements, however many contacts it shows."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser

MOST = 12


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def filled(world: World, store: Session) -> dict[str, list[int]]:
    live, binned = new_contacts(store, world, 60), new_contacts(store, world, 60)
    for start in range(0, 60, 10):
        by = world.admin.id if start % 20 else None
        delete(store, world, *binned[start : start + 10], by=by)
    store.commit()
    return {
        "/contacts": [contact.id for contact in live],
        "/contacts/restore": [contact.id for contact in binned],
    }


@pytest.mark.parametrize("query", ["", "q=ann", "q=an", "show=selected"])
@pytest.mark.parametrize("path", ["/contacts", "/contacts/restore"])
def test_a_table_of_fifty_takes_at_most_twelve(
    admin: Browser, engine: Engine, filled: dict[str, list[int]], path: str, query: str
) -> None:
    """Signed in, with a selection: the dearest case."""
    selected = [("selected", str(contact_id)) for contact_id in filled[path][5:25]]

    with statements(engine) as asked:
        page = admin.get(f"{path}?{query}", selected)

    assert len(page.ids) == (20 if "show" in query else 50)
    assert len(asked) <= MOST, "\n".join(asked)


def test_the_number_of_rows_does_not_matter(
    admin: Browser, engine: Engine, world: World, store: Session
) -> None:
    delete(store, world, *new_contacts(store, world, 2))
    store.commit()
    with statements(engine) as few:
        admin.get("/contacts/restore")
    delete(store, world, *new_contacts(store, world, 45))
    store.commit()

    with statements(engine) as many:
        admin.get("/contacts/restore")

    assert len(many) == len(few)


def test_pointing_at_a_large_deletion_takes_one(
    admin: Browser, engine: Engine, world: World, store: Session
) -> None:
    with statements(engine) as without:
        admin.get("/contacts")
    delete(store, world, *new_contacts(store, world, 60))
    store.commit()

    with statements(engine) as pointing:
        assert admin.get("/contacts").all("#large-deletion")

    assert len(pointing) == len(without)
    assert sum("FROM deletion" in statement for statement in pointing) == 1
