"""The overview tells an admin of deletions, with a way to see or undo them, and of one that expires."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts
from tests.factories.people import World, new_admin, new_user
from tests.support.browser import Browser
from webapp.models import Contact, NoticeSeen

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
    assert page.words(NOTICE) == "Max Member deleted 60 contacts 2 hours ago. See deleted contacts"

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


@pytest.mark.parametrize("restored", [59, 58])
def test_the_notice_says_how_many_are_left_when_some_are_restored(
    anyone: Browser, deleted: list[Contact], work: Callable[[], None], restored: int
) -> None:
    ticked = [("selected", str(contact.id)) for contact in deleted[:restored]]
    anyone.press(anyone.get("/contacts/restore/confirm", ticked), "Restore")
    work()

    assert f". {60 - restored} of them can still be restored." in anyone.get("/contacts").words(NOTICE)


def test_a_member_does_not_see_the_notice(
    browse: Callable[..., Browser], world: World, store: Session, deleted: list[Contact]
) -> None:
    other = new_user(store, world.workspace, "Mia Member")
    store.commit()

    for user in (world.member, other):
        page = browse(user).get("/contacts")
        assert not page.all(NOTICE)
        assert not page.has_button("See deleted contacts")


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


def test_deletions_in_quick_succession_have_one_notice_of_exactly_these(
    admin: Browser, world: World, store: Session
) -> None:
    """As a page deletes at most 100 at a time, a real accident is many deletions."""
    for count, minutes in ((40, 18), (100, 15), (100, 12), (1, 60)):
        by = world.member.id if count > 1 else world.admin.id
        delete(store, world, *new_contacts(store, world, count), ago=timedelta(minutes=minutes), by=by)
    store.commit()

    page = admin.get("/contacts")

    assert len(page.all(".notice")) == 1
    assert page.words(NOTICE).startswith("Max Member deleted 240 contacts 12 minutes ago.")
    there = admin.press(page, "See deleted contacts")
    assert there.query == {"deletion": "1-3"}
    assert there.words("#restore-all") == "Restore all contacts (240 matching)"
    assert there.words(".chips").startswith("deleted by Max Member, ")


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


def test_ones_own_deletions_can_be_undone_by_the_ordinary_dialog(
    anyone: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    contacts = new_contacts(store, world, 5)
    for some, minutes in ((contacts[:3], 7), (contacts[3:], 4)):
        delete(store, world, *some, ago=timedelta(minutes=minutes), by=world.admin.id)
    delete(store, world, new_contact(store, world), ago=timedelta(minutes=5))
    store.commit()
    page = anyone.get("/contacts")
    assert page.words(NOTICE).startswith(
        "You deleted 5 contacts 4 minutes ago. Undo You can restore them until "
    )

    dialog = anyone.press(page, "Undo")

    assert dialog.words("#confirm-title") == "Restore all 5 matching contacts?"
    assert "5 contacts deleted by Ada Admin, " in dialog.words("#confirm-scope")
    assert re.search("They can be restored until .*: 29 days left.", dialog.words("dialog"))
    if not anyone.javascript:
        assert dialog.button("Cancel")["href"] == "/contacts"
    assert anyone.press(dialog, "Restore").path.startswith("/restores/")
    work()
    assert len(anyone.get("/contacts").ids) == 5
    # The colleague's is next.
    assert anyone.get("/contacts").words(NOTICE).startswith("Max Member deleted 1 contact 5 minutes ago.")


def test_undoing_what_another_admin_has_undone_says_so_where_the_hand_is(
    anyone: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    delete(store, world, new_contact(store, world), ago=timedelta(minutes=1), by=world.admin.id)
    store.commit()
    page = anyone.get("/contacts?q=nothing")
    anyone.press(anyone.get("/contacts/restore/confirm-all"), "Restore")
    work()

    refused = anyone.press(page, "Undo")

    assert refused.status == 422
    assert "No deleted contact matches. Nothing was changed." in refused.text
    assert refused.button("Go back")["href"] == "/contacts?q=nothing"


def test_a_notice_is_dismissed_for_oneself_until_there_is_more(
    anyone: Browser, browse: Callable[..., Browser], world: World, store: Session, deleted: list[Contact]
) -> None:
    other = new_admin(store, world.workspace)
    delete(store, world, *new_contacts(store, world, 4), ago=timedelta(minutes=2))
    store.commit()
    colleague = browse(other)
    page = anyone.get("/contacts?q=live")
    assert page.words(NOTICE).startswith("Max Member deleted 4 contacts")

    page = anyone.press(page, "Dismiss")

    # The one before comes into sight. All else on the page stays.
    assert page.words(NOTICE).startswith("Max Member deleted 60 contacts")
    assert (page.names, page.path, page.query) == (["Live One"], "/contacts", {"q": "live"})
    page = anyone.press(page, "Dismiss")
    assert not page.all(".notice")
    assert not anyone.get("/contacts").all(NOTICE)
    assert colleague.get("/contacts").words(NOTICE).startswith("Max Member deleted 4 contacts")

    delete(store, world, new_contact(store, world), ago=timedelta(minutes=1))
    store.commit()
    assert anyone.get("/contacts").words(NOTICE).startswith("Max Member deleted 5 contacts 1 minute ago.")


def test_dismissing_twice_is_harmless_and_nothing_else_can_be_dismissed(
    admin: Browser, world: World, store: Session, stored: Callable[..., list[Any]], deleted: list[Contact]
) -> None:
    fields = {"csrf_token": admin.token(), "kind": "deletion", "number": "2", "back": "/contacts?q=a"}
    answers = [admin.post("/contacts/notices", fields) for _ in range(2)]
    assert [(seen.status, seen.path, seen.query) for seen in answers] == [(200, "/contacts", {"q": "a"})] * 2

    wrong = {
        "kind": "job_ended",
        "number": "99",
        "back": "//elsewhere.example",
        "then": "//elsewhere.example",
    }
    statuses = [admin.post("/contacts/notices", fields | {name: wrong[name]}).status for name in wrong]

    assert statuses == [422, 404, 200, 200]
    assert stored(select(NoticeSeen.subject_id).filter_by(user_id=world.admin.id)) == [2]


@pytest.mark.parametrize("by", ["following", "dismissing"])
def test_a_large_deletion_that_expires_is_told_once(
    anyone: Browser, world: World, store: Session, by: str
) -> None:
    contacts = new_contacts(store, world, 60)
    for some, ago in ((contacts[:30], timedelta(minutes=5)), (contacts[30:], timedelta(0))):
        delete(store, world, *some, ago=28 * DAY + timedelta(hours=1) + ago)
    store.commit()
    page = anyone.get("/contacts")
    said = page.words("#expiring-deletion")
    assert said.startswith("60 deleted contacts can be restored for 46 more hours only. Max Member deleted ")

    then = anyone.press(page, "See deleted contacts" if by == "following" else "Dismiss")

    if by == "following":
        assert (then.path, then.query) == ("/contacts/restore", {"deletion": "1-2"})
        assert then.words("#restore-all") == "Restore all contacts (60 matching)"
    else:
        assert (then.path, then.all(".notice")) == ("/contacts", [])
    assert not anyone.get("/contacts").all(".notice")
