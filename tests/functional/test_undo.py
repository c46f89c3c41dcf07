"""Undoing a restore on the pages."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.confirming import ask_about, confirm, job_of
from tests.support.seen import Seen
from webapp.contacts.edit import Details, edit_contact
from webapp.models import Contact, Job
from webapp.views import undo as undo_view

Work = Callable[[], None]


def restored(browser: Browser, work: Work, contacts: list[Contact]) -> Seen:
    """The report of a restore of these contacts."""
    page = confirm(browser, ask_about(browser, [contact.id for contact in contacts]))
    work()
    return browser.get(page.path)


def test_a_restore_is_undone_after_its_plan_was_shown(
    anyone: Browser, store: Session, world: World, work: Work, stored: Callable[..., list[Contact]]
) -> None:
    contacts = new_contacts(store, world, 3)
    delete(store, world, *contacts)
    store.commit()
    report = restored(anyone, work, contacts)
    details = Details(first_name="Changed")
    edit_contact(
        store, workspace_id=world.id, contact_id=contacts[0].id, details=details, now=contacts[0].created_at
    )
    store.commit()

    dialog = anyone.press(report, "Undo this restore")

    assert "Put back 2 Left alone 1" in dialog.text
    assert "1 contact has been changed since." in dialog.text
    page = anyone.press(dialog, dialog.one("form[action$='/undos'] button"))
    work()
    told = anyone.get(page.path)
    assert "2 contacts put back among the deleted ones, 1 left alone." in told.text
    assert "Left alone: it has been changed since the restore." in told.text
    live = stored(select(Contact).where(Contact.workspace_id == world.id, Contact.deleted_at.is_(None)))
    assert [contact.id for contact in live] == [contacts[0].id]
    job = store.get_one(Job, job_of(told))
    assert (job.kind, job.undo_of) == ("undo", job_of(report))
    # It is in the history, beside the restore.
    history = anyone.get("/restores")
    assert "Undo #1" in history.text
    # Once more it does nothing.
    again = anyone.get(f"{report.path}/undo")
    assert "None of the restored contacts can be put back." in again.text
    assert not again.all("form[action$='/undos']")


def test_the_plan_of_undoing_many_arrives_in_the_open_dialog(
    anyone: Browser, store: Session, world: World, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = new_contacts(store, world, 2)
    delete(store, world, *contacts)
    store.commit()
    report = restored(anyone, work, contacts)
    monkeypatch.setattr(undo_view, "SOON", 0)

    dialog = anyone.press(report, "Undo this restore")

    assert "Up to 2 contacts will be deleted again" in dialog.text
    assert "Checking 2 contacts" in dialog.text
    # Undo does not wait for it.
    assert dialog.all("form[action$='/undos'] button")
    part = anyone.get(str(dialog.one("#plan .without-script")["href"]))
    assert "Put back 2 Left alone 0" in part.text


def test_an_undo_sent_twice_is_one_job_and_none_starts_beside_a_restore(
    anyone: Browser, store: Session, world: World, work: Work
) -> None:
    contacts = new_contacts(store, world, 2)
    other = new_contact(store, world)
    delete(store, world, *contacts, other)
    store.commit()
    report = restored(anyone, work, contacts)
    dialog = anyone.press(report, "Undo this restore")
    running = confirm(anyone, ask_about(anyone, [other.id]))

    beside = anyone.press(dialog, dialog.one("form[action$='/undos'] button"))

    assert beside.status == 409
    assert "is running. Nothing was changed." in beside.text
    assert anyone.get(f"{report.path}/undo").status == 409
    work()
    first = anyone.press(dialog, dialog.one("form[action$='/undos'] button"))
    second = anyone.press(dialog, dialog.one("form[action$='/undos'] button"))
    assert job_of(first) == job_of(second) != job_of(running)


def test_only_an_ended_restore_can_be_undone(
    anyone: Browser, store: Session, world: World, work: Work
) -> None:
    contact = new_contact(store, world)
    delete(store, world, contact)
    store.commit()
    running = confirm(anyone, ask_about(anyone, [contact.id]))

    assert anyone.get(f"{running.path}/undo").status == 404
