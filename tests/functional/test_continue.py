"""A stopped restore can be continued: the rest of it becomes a new job."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.clock import fixed_clock
from webapp.models import Contact, Job


def test_another_restore_continues_a_stopped_one(
    admin: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    contacts = new_contacts(store, world, 3)
    delete(store, world, *contacts)
    store.commit()
    dialog = admin.press(admin.get("/contacts/restore"), "Restore all contacts")
    stopped = admin.press(admin.press(dialog, "Restore"), "Cancel this restore")
    assert "Stopped by Ada Admin." in stopped.text

    again = admin.press(stopped, "Continue")
    assert "Restore all 3 contacts?" in again.text
    job = admin.press(again, "Restore")
    work()
    assert "3 contacts restored" in admin.get(job.path).text
    assert job.path != stopped.path


@pytest.mark.parametrize("is_old", [False, True], ids=["at once", "after 31 minutes"])
def test_contacts_deleted_since_are_not_included(
    is_old: bool, admin: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    """It continues what was confirmed: once 50 newly deleted contacts were restored with the 11,500."""
    first = new_contacts(store, world, 3)
    delete(store, world, *first)
    store.commit()
    dialog = admin.press(admin.get("/contacts/restore"), "Restore all contacts")
    stopped = admin.press(admin.press(dialog, "Restore"), "Cancel this restore")
    later = new_contacts(store, world, 2)
    delete(store, world, *later)
    store.commit()

    again = admin.press(stopped, "Continue")
    assert "Restore all 3 contacts?" in again.text
    if is_old:
        # The dialog is asked again, and still means the same contacts.
        then = datetime.now(UTC) + timedelta(minutes=31)
        admin.keep_session(then)
        with fixed_clock(then):
            again = admin.press(again, "Restore")
            assert again.status == 409
            assert "Restore all 3 contacts?" in again.text
            job = admin.press(again, "Restore")
            work()
    else:
        job = admin.press(again, "Restore")
        work()

    assert job.path != stopped.path
    store.expire_all()
    assert [contact.is_live for contact in [*first, *later]] == [True] * 3 + [False] * 2


def test_only_contacts_that_are_still_deleted_are_asked_about_again(
    admin: Browser, world: World, store: Session
) -> None:
    contacts = new_contacts(store, world, 2)
    delete(store, world, *contacts)
    store.commit()
    ticked = [("selected", str(contact.id)) for contact in contacts]
    dialog = admin.get("/contacts/restore/confirm", ticked)
    stopped = admin.press(admin.press(dialog, "Restore"), "Cancel this restore")
    store.get_one(Contact, contacts[0].id).deleted_at = None
    store.commit()
    assert "Restore 1 contact?" in admin.press(stopped, "Continue").text

    store.get_one(Contact, contacts[1].id).deleted_at = None
    store.commit()
    nothing = admin.get(f"{stopped.path}/continue")
    assert nothing.status == 409
    assert "None of the remaining contacts can be restored any more." in nothing.text


def test_a_finished_restore_cannot_be_continued(
    admin: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    contacts = new_contacts(store, world, 1)
    delete(store, world, *contacts)
    store.commit()
    job = admin.press(admin.press(admin.get("/contacts/restore"), "Restore all contacts"), "Restore")
    assert admin.get(f"{job.path}/continue").status == 404
    work()
    ended = admin.get(job.path)
    assert "Continue" not in ended.text
    assert admin.get(f"{job.path}/continue").status == 404
    assert store.scalar(select(Job.state).where(Job.workspace_id == world.id)) == "done"
