"""Deleting from the overview: a dialog, the deletion, a message."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts, new_deal
from tests.factories.people import World, new_world
from tests.support.browser import Browser
from webapp.models import AuditEvent, Contact, Deletion


def test_delete_asks_deletes_and_reports(
    anyone: Browser, world: World, store: Session, stored: Callable[..., list[Any]]
) -> None:
    contacts = new_contacts(store, world, 3)
    store.commit()
    page = anyone.tick(anyone.get("/contacts"), contacts[0], contacts[1])

    dialog = anyone.press(page, page.one("#delete-selected"))
    assert "Delete 2 contacts?" in dialog.words("#confirm-title")
    assert "They can be restored for 30 days" in dialog.words("dialog")
    assert "deal" not in dialog.words("dialog")
    assert stored(select(Deletion.id).filter_by(workspace_id=world.id)) == [], "the dialog deletes nothing"

    after = anyone.press(dialog, dialog.one("dialog form[method=post] button"))
    assert after.path == "/contacts"
    [deletion] = stored(select(Deletion).filter_by(workspace_id=world.id))
    until = deletion.created_at + timedelta(days=30)
    said = after.words("#large-deletion")
    assert said.startswith("You deleted 2 contacts just now. Undo ")
    assert f"You can restore them until {until:%-d %b %Y, %H:%M}." in said
    assert after.ids == [contacts[2].id]
    assert after.selected == []
    assert (deletion.user_id, deletion.contact_count, deletion.source) == (world.admin.id, 2, "overview")
    assert stored(select(AuditEvent.action).filter_by(workspace_id=world.id)) == ["contacts.deleted"]


def test_the_dialog_counts_the_deals_that_are_deleted_and_those_that_stay(
    anyone: Browser, world: World, store: Session
) -> None:
    ann, bob, eve = (new_contact(store, world, name, "") for name in ("Ann", "Bob", "Eve"))
    new_deal(store, world, ann, title="Alpha")
    new_deal(store, world, ann, bob, title="Beta")
    new_deal(store, world, bob, eve, title="Gamma")
    gone = new_deal(store, world, ann)
    gone.deleted_at = ann.created_at
    store.commit()

    def said(*contacts: Contact) -> str:
        page = anyone.tick(anyone.get("/contacts"), *contacts)
        return anyone.press(page, page.one("#delete-selected")).words("dialog")

    assert (
        "1 deal will be deleted with its last contact: Alpha. "
        "A restore brings it back only if that is asked for." in said(ann)
    )
    assert "1 deal stays, with its other contacts." in said(ann)
    assert "2 deals will be deleted with their last contact: Alpha and Beta. A restore" in said(ann, bob)
    assert "1 deal stays" in said(ann, bob)
    assert "2 deals stay" in said(bob)
    for title in ("Delta", "Epsilon"):
        new_deal(store, world, eve, title=title)
    store.commit()
    assert "5 deals will be deleted with their last contact: Alpha, Beta, Delta and 2 more." in said(
        ann, bob, eve
    )


def test_one_contact_is_deleted_from_its_own_page(anyone: Browser, world: World, store: Session) -> None:
    contact = new_contact(store, world)
    store.commit()

    dialog = anyone.press(anyone.get(f"/contacts/{contact.id}"), "Delete")
    assert "Delete 1 contact?" in dialog.words("#confirm-title")
    assert "It can be restored for 30 days" in dialog.words("dialog")

    after = anyone.press(dialog, dialog.one("dialog form[method=post] button"))
    said = after.words("#large-deletion")
    assert "You deleted 1 contact just now. Undo You can restore it until " in said
    assert anyone.get(f"/contacts/{contact.id}").status == 404


def test_without_a_tick_delete_says_what_to_do(anyone: Browser, world: World, store: Session) -> None:
    new_contact(store, world)
    store.commit()
    page = anyone.get("/contacts")

    refused = anyone.press(page, page.one("#delete-selected"))

    assert refused.status == 422
    assert "Select at least one contact first." in refused.words("#selection-bar")
    assert refused.names == ["Ann Lee"]


def test_deleting_twice_deletes_once_and_leads_to_the_overview_both_times(
    anyone: Browser, world: World, store: Session, stored: Callable[..., list[Any]]
) -> None:
    contact = new_contact(store, world)
    store.commit()
    dialog = anyone.press(anyone.get(f"/contacts/{contact.id}"), "Delete")
    anyone.press(dialog, dialog.one("dialog form[method=post] button"))

    again = anyone.press(dialog, dialog.one("dialog form[method=post] button"))

    assert (again.status, again.path) == (200, "/contacts")
    said = again.all(".notice")[0].get_text()
    assert "This contact was already deleted. Nothing was changed. You can restore it within 30 days" in said
    assert len(stored(select(Deletion.id).filter_by(workspace_id=world.id))) == 1


def test_contacts_that_never_existed_cannot_be_deleted(
    admin: Browser, elsewhere: World, store: Session
) -> None:
    gone_there = new_contact(store, elsewhere)
    delete(store, elsewhere, gone_there)
    store.commit()
    token = admin.token()

    for contact_id in (gone_there.id, gone_there.id + 10**6):
        refused = admin.post("/contacts/delete", {"csrf_token": token, "selected": str(contact_id)})
        assert refused.status == 404
        assert "This contact is not here. Nothing was changed." in refused.text


def test_the_dialog_says_that_contacts_are_already_deleted(
    anyone: Browser, world: World, store: Session
) -> None:
    contact, other = new_contact(store, world), new_contact(store, world)
    store.commit()
    page = anyone.tick(anyone.get("/contacts"), contact)
    delete(store, world, contact)
    store.commit()

    refused = anyone.press(page, page.one("#delete-selected"))

    assert refused.status == 422
    assert "None of the selected contacts is here any more." in refused.words("#selection-bar")
    assert other.id in refused.ids


def test_the_end_is_a_moment_in_the_time_zone_of_the_account_and_both_pages_name_it(
    browse: Callable[..., Browser], store: Session, stored: Callable[..., list[Any]]
) -> None:
    world = new_world(store, timezone="Pacific/Kiritimati")
    contact = new_contact(store, world)
    store.commit()
    admin = browse(world.admin)
    dialog = admin.get(f"/contacts/delete?selected={contact.id}")

    said = admin.press(dialog, dialog.one("dialog form button")).words("#large-deletion")

    [deletion] = stored(select(Deletion).filter_by(workspace_id=world.id))
    until = deletion.created_at.astimezone(ZoneInfo("Pacific/Kiritimati")) + timedelta(days=30)
    assert f"until {until:%-d %b %Y, %H:%M}." in said
    left = admin.get("/contacts/restore").one("tbody .left")
    assert left["title"] == f"Can be restored until {until:%-d %b %Y, %H:%M}"
    assert left.get_text(strip=True) == "29 days left", "not yet 30 and no longer: rounded down"


def test_a_deleted_contact_is_listed_among_the_deleted(admin: Browser, world: World, store: Session) -> None:
    contact = new_contact(store, world, "Ann", "Lee")
    store.commit()
    dialog = admin.get(f"/contacts/delete?selected={contact.id}")
    admin.press(dialog, dialog.one("dialog form button"))

    row = admin.get("/contacts/restore").words("tbody tr")

    assert "Ann Lee" in row
    assert "just now" in row
    assert "Ada Admin" in row
    assert "29 days left" in row
