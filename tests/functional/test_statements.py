"""A page takes a few statements, for any number of contacts."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.clock import read_clock
from webapp.contacts import find, search
from webapp.models import Contact
from webapp.restoring import recycle_bin
from webapp.web.paging import to_cursor

MOST = 12


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that are executed inside the block."""
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


# Each page with all its parameters; "{…}" is filled in below.
PAGES = [
    *("/contacts?", "/contacts?q=ann", "/contacts?q=an", "/contacts?q=00059", "/contacts?after={live}"),
    *("/contacts?q=ann&after={live}", "/contacts?show=selected", "/contacts?q=ann&show=selected"),
    *("/contacts?restored_by={job}", "/contacts?restored_by={job}&q=ann"),
    *("/contacts/selection?", "/contacts/selection?q=ann", "/contacts/count?", "/contacts/count?q=ann"),
    *("/contacts/restore?", "/contacts/restore?q=ann", "/contacts/restore?q=an", "/contacts/restore?q=00059"),
    *("/contacts/restore?after={binned}", "/contacts/restore?q=ann&before={binned}"),
    *("/contacts/restore?from={today}", "/contacts/restore?to={today}", "/contacts/restore?deletion=2"),
    *("/contacts/restore?deleted_by={by}", "/contacts/restore?deleted_by={by}&deletion=2&q=ann&from={today}"),
    *("/contacts/restore?show=selected", "/contacts/restore?q=ann&deleted_by={by}&show=selected"),
    *("/contacts/restore/selection?matching=50%2B&q=ann", "/contacts/restore/selection?q=ann"),
    *("/contacts/restore/count?q=ann", "/restores", "/restores/{job}"),
    *("/contacts/deleted/{look}",),
    *("/audit?", "/audit?who={by}&action=contacts.deleted&from={today}&to={today}"),
]


@pytest.mark.parametrize("looked_at", [10_000, 20], ids=["few", "many"])
def test_each_page_and_each_update_takes_at_most_twelve_statements(
    admin: Browser,
    engine: Engine,
    world: World,
    store: Session,
    filled: dict[str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
    looked_at: int,
) -> None:
    """Signed in, with a selection, both below and above the scan limit."""
    for module in (search, find, recycle_bin):
        monkeypatch.setattr(module, "SCAN_LIMIT", looked_at)
    job = admin.press(
        admin.press(admin.get("/contacts/restore/confirm-all"), "Restore"), "Cancel this restore"
    )
    live, binned = (store.get_one(Contact, ids[30]) for ids in filled.values())
    assert binned.deleted_at is not None
    values = {
        "live": to_cursor((live.created_at, live.id)),
        "binned": to_cursor((binned.deleted_at, binned.id)),
        "job": job.path.removeprefix("/restores/"),
        "today": f"{read_clock(store):%Y-%m-%d}",
        "by": world.member.id,
        "look": binned.id,
    }

    for page in PAGES:
        path = page.format(**values)
        ids = filled["/contacts/restore" if "/restore" in path else "/contacts"][5:25]
        is_a_list = "/audit" not in path and "/restores" not in path
        selected = [("selected", str(contact_id)) for contact_id in ids] if is_a_list else []
        for htmx in (False, True):
            has_no_part = path == "/restores" or "/deleted/" in path
            is_a_part = path.partition("?")[0].endswith(("selection", "count"))
            if not (has_no_part if htmx else is_a_part):
                with statements(engine) as asked:
                    assert admin.get(path, selected, htmx=htmx).status == 200
                assert len(asked) <= MOST, f"{path}: {len(asked)}\n" + "\n".join(asked)


def test_the_number_of_rows_does_not_change_the_number_of_statements(
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


def test_the_notice_of_a_large_deletion_takes_one_statement(
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
