"""Deleting all contacts that match, from the overview's bar to the report, with scripts and without."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts, new_deal
from tests.factories.people import World, new_user
from tests.support.browser import Browser
from tests.support.imports import ended_import
from tests.support.seen import Seen
from webapp.models import Contact, Deletion, Job, Right, UserGroup
from webapp.models.user import GroupRight
from webapp.views import delete_all as views

Work = Callable[[], None]
Stored = Callable[..., list[Any]]
SEND = "#delete-many button"


def live(stored: Stored, world: World) -> set[int]:
    query = select(Contact.id).where(Contact.workspace_id == world.id, Contact.deleted_at.is_(None))
    return set(stored(query))


def ask(browser: Browser, *ticked: Contact, **filters: str) -> Seen:
    """The dialog, from the bar of the overview."""
    page = browser.tick(browser.get("/contacts", filters), *ticked)
    return browser.press(page, page.one("#delete-all"))


def test_all_that_match_are_deleted_reported_and_restored(
    anyone: Browser, world: World, store: Session, stored: Stored, work: Work
) -> None:
    zoes = new_contacts(store, world, 3, "Zoë")
    ann = new_contact(store, world)
    new_deal(store, world, zoes[0], zoes[1], title="Alpha")
    new_deal(store, world, zoes[2], ann, title="Beta")
    store.commit()
    page = anyone.tick(anyone.get("/contacts", {"q": "zoe"}), zoes[0])
    assert page.words("#delete-all") == "Delete all 3"

    dialog = anyone.press(page, page.one("#delete-all"))

    said = dialog.words("dialog")
    assert dialog.words("#confirm-title") == "Delete 3 contacts?"
    assert "Contacts matching “zoe”." in said
    assert "1 deal will be deleted with its last contact." in said
    assert "1 deal stays, with its other contacts." in said
    assert "Admins can restore them for 30 days, with lists" in said
    assert not dialog.all("#typed-number")
    assert len(live(stored, world)) == 4, "the dialog deletes nothing"
    page = anyone.press(dialog, dialog.one(SEND))
    again = anyone.press(dialog, dialog.one(SEND))
    assert page.path == again.path, "a form that is sent twice is one job"
    assert "Bulk deletion #1" in page.text
    work()
    report = anyone.get(page.path)
    assert "3 contacts deleted." in report.text
    assert "1 deal was deleted with its last contact." in report.text
    assert live(stored, world) == {ann.id}
    [deletion] = stored(select(Deletion).filter_by(workspace_id=world.id))
    assert (deletion.number, deletion.user_id, deletion.source) == (1, world.admin.id, "overview")
    # The overview tells it like any other deletion, and the report leads to it.
    overview = anyone.get("/contacts")
    assert "You deleted 3 contacts just now." in overview.text
    assert "Bulk deletion" in anyone.get("/jobs").text
    there = anyone.press(report, "Restore them")
    assert sorted(there.ids) == sorted(contact.id for contact in zoes)
    restore = anyone.press(there, "Restore all contacts (3 matching)")
    anyone.press(restore, "Restore")
    work()
    assert len(live(stored, world)) == 4


def test_a_large_number_has_to_be_typed(
    anyone: Browser, world: World, store: Session, stored: Stored, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "TYPED_FROM", 2)
    monkeypatch.setattr(views, "SOON", 2)
    contacts = new_contacts(store, world, 3)
    new_deal(store, world, contacts[0])
    store.commit()
    dialog = ask(anyone, contacts[0])
    assert "Type 3 to confirm" in dialog.words("dialog")
    # The deals of many arrive later; the button waits for nothing.
    assert "Counting the deals." in dialog.words("dialog")
    part = anyone.get(str(dialog.one("#deals a")["href"]))
    assert "1 deal will be deleted with its last contact." in part.text
    for typed in ("", "2", "4", "three", "3.0", "-3", "03 3", "9" * 60):
        field = dialog.one("#typed-number")
        field["value"] = typed
        dialog = anyone.press(dialog, dialog.one(SEND))
        assert dialog.status == 422
        assert "This is not the number of these contacts. Nothing was deleted." in dialog.words("dialog")
        assert dialog.one("#typed-number")["value"] == typed[:40]
    assert stored(select(Job.id).filter_by(workspace_id=world.id)) == []
    dialog.one("#typed-number")["value"] = " 3 "
    page = anyone.press(dialog, dialog.one(SEND))
    assert page.status == 200
    work()
    assert live(stored, world) == set()


def test_beside_another_job_the_dialog_leads_to_it_and_ticked_ones_are_deleted(
    anyone: Browser, world: World, store: Session, stored: Stored, work: Work
) -> None:
    contacts = new_contacts(store, world, 3)
    binned = new_contact(store, world)
    delete(store, world, binned)
    store.commit()
    late = ask(anyone, contacts[0])
    running = anyone.press(ask(anyone, contacts[0]), ask(anyone, contacts[0]).one(SEND))

    # Confirmed while another one is active, and opened while it is.
    for dialog in (anyone.press(late, late.one(SEND)), ask(anyone, contacts[0])):
        assert dialog.status == 409
        assert "Bulk deletion #1, started by Ada Admin, is running." in dialog.words("dialog")
        assert anyone.press(dialog, "See what is running").path == running.path
    # A restore says what runs, with the link.
    bar = anyone.get("/contacts/restore").words("#selection-bar")
    assert "A restore can start when this has ended. See progress" in bar
    restore = anyone.get("/contacts/restore/confirm-all")
    assert restore.status == 409
    assert "Bulk deletion #1, started by Ada Admin, is running." in restore.text
    assert restore.has_button("See the running bulk deletion")
    # Up to 100 are deleted directly.
    page = anyone.tick(anyone.get("/contacts"), contacts[1])
    direct = anyone.press(page, page.one("#delete-selected"))
    anyone.press(direct, direct.one("dialog form[method=post] button"))
    assert live(stored, world) == {contacts[0].id, contacts[2].id}
    # An Admin can stop it where the link leads.
    stopped = anyone.press(anyone.get(running.path), "Cancel this bulk deletion")
    assert "Cancelled" in stopped.text
    assert live(stored, world) == {contacts[0].id, contacts[2].id}


def test_who_may_delete_many_and_who_sees_what(
    browse: Callable[..., Browser], world: World, store: Session, stored: Stored, work: Work
) -> None:
    contacts = new_contacts(store, world, 2)
    sales = store.scalars(select(UserGroup).filter_by(workspace_id=world.id, name="Sales")).one()
    store.commit()
    member = browse(world.member)
    assert not member.get("/contacts").all("#delete-all")
    assert member.get("/contacts/delete-all").status == 403
    store.add(GroupRight(group_id=sales.id, right=Right.DELETE_MANY))
    colleague = new_user(store, world.workspace, "Cleo Colleague", sales)
    store.commit()
    dialog = ask(member, contacts[0])
    page = member.press(dialog, dialog.one(SEND))
    beside = ask(browse(colleague), contacts[0])
    assert beside.status == 409
    assert not beside.has_button("See what is running")
    work()
    report = member.get(page.path)
    assert "2 contacts deleted." in report.text
    assert not report.has_button("Restore them")
    assert ", by an admin." in report.text
    assert browse(world.admin).get(page.path).has_button("Restore them")
    assert live(stored, world) == set()


def test_a_dialog_that_was_open_for_long_or_is_forged_starts_nothing(
    anyone: Browser, world: World, store: Session, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = new_contacts(store, world, 2)
    store.commit()
    dialog = ask(anyone, contacts[0])
    with monkeypatch.context() as patch:
        patch.setattr("webapp.web.signing.Confirmation.is_old", lambda *_: True)
        old = anyone.press(dialog, dialog.one(SEND))
    assert old.status == 409
    assert "This has been open for more than 30 minutes. Nothing was deleted." in old.words("dialog")
    assert old.one("#delete-many [name=scope]")["value"] != dialog.one("#delete-many [name=scope]")["value"]
    # One about an import is no one about filters, and the other way round.
    job = ended_import(store, world, contacts)
    store.commit()
    undo = anyone.get(f"/jobs/{job.id}/undo")
    dialog.one("#delete-many [name=scope]")["value"] = undo.one("#delete-many [name=scope]")["value"]
    forged = anyone.submit(dialog, dialog.one("#delete-many"))
    assert forged.status == 400
    assert "This confirmation is incomplete." in forged.text
    assert stored(select(Job.id).filter_by(workspace_id=world.id)) == [job.id]
    assert anyone.get("/contacts/delete-all", {"q": "\x07"}).status == 422
    assert "No contact matches. Nothing was changed." in anyone.get("/contacts/delete-all?q=nobody").text


def test_an_import_is_undone(
    anyone: Browser, world: World, store: Session, stored: Stored, work: Work
) -> None:
    added, before = new_contacts(store, world, 3), new_contact(store, world)
    job = ended_import(store, world, added, [before])
    store.execute(update(Contact).where(Contact.id == added[0].id).values(version=2))
    store.commit()

    dialog = anyone.get(f"/jobs/{job.id}/undo")

    said = dialog.words("dialog")
    assert "2 contacts that it added and that were not changed since will be deleted." in said
    assert "1 contact has been changed since the import. It stays." in said
    page = anyone.press(dialog, dialog.one(SEND))
    work()
    report = anyone.get(page.path)
    assert "2 contacts deleted, 1 stayed." in report.text
    assert live(stored, world) == {added[0].id, before.id}
    again = anyone.get(f"/jobs/{job.id}/undo")
    assert "None of the contacts that it added can be deleted." in again.text
    assert not again.all(SEND)
    assert anyone.get(f"/jobs/{page.path.rpartition('/')[2]}/undo").status == 404
