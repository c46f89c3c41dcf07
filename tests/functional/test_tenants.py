"""Each account sees its own data only; data of another account are not found."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.browser import Browser

Unchanged = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def theirs(browse: Callable[..., Browser], elsewhere: World) -> Browser:
    """The admin of another account."""
    return browse(elsewhere.admin)


def test_live_contacts_of_another_account_are_not_found(
    admin: Browser, elsewhere: World, store: Session
) -> None:
    foreign = new_contact(store, elsewhere, "Foreign", "Lee")
    store.commit()

    assert admin.get(f"/contacts/{foreign.id}").status == 404
    assert admin.get("/contacts").names == []
    assert admin.get("/contacts?q=foreign").names == []
    assert admin.get(f"/contacts?selected={foreign.id}").selected == []


def test_deleted_contacts_of_another_account_are_not_found(
    admin: Browser, elsewhere: World, store: Session
) -> None:
    foreign = new_contact(store, elsewhere, "Foreign", "Lee")
    deletion = delete(store, elsewhere, foreign)
    store.commit()

    for query in ("", "?q=foreign", f"?deletion={deletion.number}", f"?selected={foreign.id}"):
        page = admin.get(f"/contacts/restore{query}")
        assert (page.names, page.selected) == ([], []), query
        assert "Max Member" not in page.text


def test_a_foreign_contact_can_be_neither_deleted_nor_restored(
    admin: Browser, elsewhere: World, store: Session, unchanged: Unchanged
) -> None:
    live, binned = new_contact(store, elsewhere), new_contact(store, elsewhere)
    delete(store, elsewhere, binned)
    store.commit()
    token = admin.token()

    with unchanged():
        assert admin.get(f"/contacts/delete?selected={live.id}").status == 422
        assert admin.get(f"/contacts/restore/confirm?selected={binned.id}").status == 422
        assert admin.post("/contacts/delete", {"csrf_token": token, "selected": str(live.id)}).status == 404


def test_a_foreign_id_among_own_ids_is_ignored(
    admin: Browser, world: World, elsewhere: World, store: Session
) -> None:
    mine, foreign = new_contact(store, world), new_contact(store, elsewhere)
    store.commit()

    dialog = admin.get(f"/contacts/delete?selected={mine.id}&selected={foreign.id}")
    after = admin.press(dialog, "Delete")

    assert dialog.words("h1") == "Delete 1 contact?"
    assert "You deleted 1 contact just now." in after.text
    assert admin.get(f"/contacts/{mine.id}").status == 404


def test_a_job_of_another_account_is_not_found(
    admin: Browser, theirs: Browser, elsewhere: World, store: Session, unchanged: Unchanged
) -> None:
    contact = new_contact(store, elsewhere)
    delete(store, elsewhere, contact)
    store.commit()
    job = theirs.press(theirs.get(f"/contacts/restore/confirm?selected={contact.id}"), "Restore")

    assert job.path.startswith("/restores/")
    with unchanged():
        assert admin.get(job.path).status == 404
        assert admin.get(job.path, htmx=True).status == 404
        assert admin.post(f"{job.path}/cancel", {"csrf_token": admin.token()}).status == 404
    assert "No restores yet" in admin.get("/restores").text


def test_a_scope_of_another_account_starts_nothing(
    admin: Browser, theirs: Browser, elsewhere: World, store: Session, unchanged: Unchanged
) -> None:
    contact = new_contact(store, elsewhere)
    delete(store, elsewhere, contact)
    store.commit()
    dialog = theirs.get("/contacts/restore/confirm-all")
    scope = str(dialog.one("input[name=scope]")["value"])

    with unchanged():
        assert admin.post("/restores", {"csrf_token": admin.token(), "scope": scope}).status == 404


def test_a_restore_of_another_account_does_not_block_a_restore(
    admin: Browser, theirs: Browser, world: World, elsewhere: World, store: Session
) -> None:
    for place in (world, elsewhere):
        delete(store, place, new_contact(store, place))
    store.commit()

    there = theirs.press(theirs.get("/contacts/restore/confirm-all"), "Restore")
    here = admin.press(admin.get("/contacts/restore/confirm-all"), "Restore")

    assert "Waiting to begin" in there.text
    assert "Waiting to begin" in here.text
    assert there.path != here.path
