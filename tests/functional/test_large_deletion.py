"""After a large deletion by a colleague the overview shows a notice to an admin, with a link."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts
from tests.factories.people import World, new_user
from tests.support.browser import Browser
from webapp.models import Contact

NOTICE = "#large-deletion"


@pytest.fixture
def deleted(world: World, store: Session) -> list[Contact]:
    """60 contacts that Max Member deleted two hours ago, beside smaller deletions."""
    contacts = new_contacts(store, world, 60)
    before, after = new_contacts(store, world, 5, "Bob"), new_contacts(store, world, 5, "Eve")
    new_contact(store, world, "Live", "One")
    delete(store, world, *before, ago=2 * DAY)
    delete(store, world, *contacts, ago=timedelta(hours=2, minutes=1))
    delete(store, world, *after)
    store.commit()
    return contacts


def test_the_notice_says_who_deleted_how_many_when_and_links_to_exactly_these(
    anyone: Browser, deleted: list[Contact]
) -> None:
    page = anyone.get("/contacts")
    assert page.words(NOTICE) == "Max Member deleted 60 contacts 2 hours ago . See deleted contacts"

    there = anyone.press(page, "See deleted contacts")

    assert there.path == "/contacts/restore"
    assert there.query == {"deletion": "2"}
    assert "60 deleted contacts" in there.text
    shown = [contact_id for part in anyone.turn(there, "Next") for contact_id in part.ids]
    assert sorted(shown) == sorted(contact.id for contact in deleted)


def test_the_notice_disappears_when_all_are_restored(
    anyone: Browser, deleted: list[Contact], work: Callable[[], None]
) -> None:
    there = anyone.press(anyone.get("/contacts"), "See deleted contacts")
    anyone.press(anyone.press(there, there.one("#restore-all")), "Restore")
    assert anyone.get("/contacts").all(NOTICE), "nothing is restored in the request"

    work()

    assert not anyone.get("/contacts").all(NOTICE)


@pytest.mark.parametrize(
    ("restored", "left"), [(59, "1 of them is still deleted."), (58, "2 of them are still deleted.")]
)
def test_the_notice_says_how_many_are_left_when_some_are_restored(
    anyone: Browser, deleted: list[Contact], work: Callable[[], None], restored: int, left: str
) -> None:
    ticked = [("selected", str(contact.id)) for contact in deleted[:restored]]
    anyone.press(anyone.get("/contacts/restore/confirm", ticked), "Restore")
    work()

    assert left in anyone.get("/contacts").words(NOTICE)


def test_a_member_does_not_see_the_notice(
    browse: Callable[..., Browser], world: World, store: Session, deleted: list[Contact]
) -> None:
    other = new_user(store, world.workspace, "Mia Member")
    store.commit()

    for user in (world.member, other):
        page = browse(user).get("/contacts")
        assert not page.all(NOTICE)
        assert not page.has_button("See deleted contacts")


def test_the_deleter_does_not_see_the_notice(admin: Browser, world: World, store: Session) -> None:
    delete(store, world, *new_contacts(store, world, 60), by=world.admin.id)
    store.commit()

    assert not admin.get("/contacts").all(NOTICE)


def test_the_notice_disappears_after_three_days(admin: Browser, world: World, store: Session) -> None:
    delete(store, world, *new_contacts(store, world, 60), ago=3 * DAY)
    store.commit()

    assert not admin.get("/contacts").all(NOTICE)


def test_the_notice_of_a_deletion_without_a_user_names_no_user(
    admin: Browser, world: World, store: Session
) -> None:
    delete(store, world, *new_contacts(store, world, 60)).user_id = None
    store.flush()
    store.commit()

    assert admin.get("/contacts").words(NOTICE).startswith("A user who has left deleted 60 contacts")


def test_only_one_deletion_has_a_notice(admin: Browser, world: World, store: Session) -> None:
    for count in (70, 80):
        delete(store, world, *new_contacts(store, world, count))
    store.commit()

    page = admin.get("/contacts")

    assert len(page.all(".notice")) == 1
    assert "80 contacts" in page.words(NOTICE)


def test_a_search_keeps_the_notice(anyone: Browser, deleted: list[Contact]) -> None:
    """With scripts only the table is redrawn, so the notice is outside of it; a reload at the same address
    shows the same page."""
    page = anyone.fill(anyone.get("/contacts"), q="live")

    assert page.names == ["Live One"]
    assert page.part is None or not page.part.all(NOTICE)
    assert page.words(NOTICE) == anyone.get("/contacts?q=live").words(NOTICE)


def test_the_notice_is_not_shown_above_restored_contacts(admin: Browser, deleted: list[Contact]) -> None:
    page = admin.get(f"/contacts/restore/confirm?selected={deleted[0].id}")
    job = admin.press(page, "Restore")
    restored_by = job.path.removeprefix("/restores/")

    seen = admin.get(f"/contacts?restored_by={restored_by}")

    assert (seen.status, seen.all(NOTICE)) == (200, [])
    assert "Contacts restored by Restore #1" in seen.text
    assert admin.get("/contacts").all(NOTICE)
