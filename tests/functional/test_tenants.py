"""Each account sees its own data only; data of another account are not found."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_deal,
    new_list,
    new_tag,
)
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.models import ContactNote

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
        assert admin.post("/restores", {"csrf_token": admin.token(), "scope": scope}).status == 400


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


def test_nothing_of_another_account_is_found_offered_or_changed(
    admin: Browser, world: World, elsewhere: World, store: Session, unchanged: Unchanged
) -> None:
    """On the pages of one contact, and in the overview's filters."""
    mine, foreign = (
        new_contact(store, world),
        new_contact(store, elsewhere, "Foreign", "Lee", email="f@x.example"),
    )
    account, tag = new_account(store, elsewhere, "Foreign firm"), new_tag(store, elsewhere, "Foreign tag")
    mailing_list, deal = new_list(store, elsewhere, "Foreign list"), new_deal(store, elsewhere, foreign)
    note = ContactNote(
        contact_id=foreign.id, user_id=elsewhere.admin.id, created_at=foreign.created_at, text="x"
    )
    store.add(note)
    gone = new_contact(store, elsewhere, "Foreign", "Gone", email="gone@x.example")
    delete(store, elsewhere, gone)
    store.commit()
    token, path = {"csrf_token": admin.token()}, f"/contacts/{mine.id}"

    for address in ("/edit", "/lists", "/tags", "/account", "/deals", "/notes", "/timeline"):
        assert admin.get(f"/contacts/{foreign.id}{address}").status == 404
    for name in ("account", "tag", "list"):
        assert admin.get(f"/contacts?{name}=Foreign+{name if name != 'account' else 'firm'}").status == 422
        assert not admin.get(f"/contacts/names?{name}=foreign", htmx=True).all("option")
    for part in ("account", "tags", "lists", "deals"):
        assert "Foreign" not in admin.get(f"{path}/{part}?find=e").text
    with unchanged():
        for part, fields in {
            "account": {"do": "set", "account_id": str(account.id)},
            "tags": {"do": "add", "tag_id": str(tag.id)},
            "lists": {"do": "put", "list_id": str(mailing_list.id), "status": "unconfirmed"},
            "deals": {"do": "add", "deal_id": str(deal.id)},
        }.items():
            assert admin.post(f"{path}/{part}", token | fields).status == 409, part
            assert admin.post(f"/contacts/{foreign.id}/{part}", token | fields).status == 404, part
        admin.post(f"{path}/notes", token | {"do": "delete", "note_id": str(note.id)})
    for email in ("f@x.example", "gone@x.example"):
        added = admin.post("/contacts/new", token | {"email": email})
        assert "Contact added." in added.text, "an address there is free here"
