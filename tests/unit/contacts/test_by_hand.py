"""What is done to one contact by hand: adding it, its account, its lists, its notes."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_account, new_contact, new_list, subscribe
from tests.factories.people import World, new_world
from webapp.clock import read_clock
from webapp.contacts.edit import ChangedSince, Details, add_contact, edit_contact, set_account
from webapp.contacts.notes import add_note, delete_note, read_notes
from webapp.marketing.lists import take_off
from webapp.models import Contact, ContactNote, ContactSearch, Subscription
from webapp.restoring.by_address import last_deleted_with_address

MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


def test_an_added_contact_is_live_found_and_of_version_one(session: Session, world: World) -> None:
    now, account = read_clock(session), new_account(session, world)
    gone = new_account(session, world)
    gone.deleted_at = now
    session.flush()

    contact_id = add_contact(
        session, workspace_id=world.id, details=Details("Ann@X.example", "Ann", "", "1", account.id), now=now
    )
    without = add_contact(
        session, workspace_id=world.id, details=Details(None, "Bo", account_id=gone.id), now=now
    )

    contact = session.get_one(Contact, contact_id)
    assert (contact.email_key, contact.version, contact.created_at) == ("ann@x.example", 1, now)
    assert contact.account_id == account.id
    assert "ann" in session.get_one(ContactSearch, contact_id).folded
    assert session.get_one(Contact, without).account_id is None


def test_the_same_contact_is_added_once_within_a_minute_and_a_taken_address_is_refused(
    session: Session, world: World
) -> None:
    now, details = read_clock(session), Details("a@x.example", "Ann")
    for same in (details, Details(None, "Bo", "Li")):
        first = add_contact(session, workspace_id=world.id, details=same, now=now)
        assert add_contact(session, workspace_id=world.id, details=same, now=now + MINUTE / 2) == first
    later = add_contact(
        session, workspace_id=world.id, details=Details(None, "Bo", "Li"), now=now + 2 * MINUTE
    )
    assert later != first
    for other in (Details("A@x.example", "Eve"), details):
        with pytest.raises(IntegrityError), session.begin_nested():
            add_contact(session, workspace_id=world.id, details=other, now=now + 2 * MINUTE)


def test_of_two_editors_the_second_is_stopped_only_by_other_details(session: Session, world: World) -> None:
    contact, now = new_contact(session, world, "Ann", "Lee"), read_clock(session)
    seen = contact.version, Details.of(contact)

    def edit(first_name: str) -> bool:
        details = Details(contact.email, first_name, "Lee")
        return edit_contact(
            session, workspace_id=world.id, contact_id=contact.id, details=details, now=now, seen=seen
        )

    add_note(session, workspace_id=world.id, contact_id=contact.id, text="x", by=world.admin.id, now=now)
    assert edit("Anna"), "a note is no other detail"
    assert edit("Anna"), "what is wanted is there already"
    with pytest.raises(ChangedSince) as told:
        edit("Anne")
    assert (told.value.version, told.value.details.first_name) == (4, "Anna")


def test_an_account_is_given_only_if_it_is_live_and_ones_own(session: Session, world: World) -> None:
    contact, now = new_contact(session, world), read_clock(session)
    mine, gone = new_account(session, world), new_account(session, world)
    foreign = new_account(session, new_world(session))
    gone.deleted_at = now
    session.flush()

    def give(account_id: int | None) -> bool:
        return set_account(
            session, workspace_id=world.id, contact_id=contact.id, account_id=account_id, now=now
        )

    assert [give(account_id) for account_id in (mine.id, mine.id, gone.id, foreign.id)] == [
        True, False, False, False,
    ]  # fmt: skip
    session.refresh(contact)
    assert (contact.account_id, contact.version) == (mine.id, 2)
    assert give(None)
    assert not give(None)


def test_only_who_has_not_refused_is_taken_off_a_list(session: Session, world: World) -> None:
    contact, now = new_contact(session, world), read_clock(session)
    lists = {
        status: new_list(session, world)
        for status in ("subscribed", "unconfirmed", "bounced", "unsubscribed")
    }
    for status, mailing_list in lists.items():
        subscribe(session, contact, mailing_list, status)

    taken = {
        status: take_off(session, workspace_id=world.id, contact_id=contact.id, list_id=one.id, now=now)
        for status, one in lists.items()
    }

    assert taken == {"subscribed": True, "unconfirmed": True, "bounced": False, "unsubscribed": False}
    left = session.scalars(select(Subscription.list_id).filter_by(contact_id=contact.id)).all()
    assert set(left) == {lists["bounced"].id, lists["unsubscribed"].id}


def test_a_note_is_written_once_and_deleted_by_those_who_may(session: Session, world: World) -> None:
    contact, now = new_contact(session, world), read_clock(session)
    binned = new_contact(session, world)
    delete(session, world, binned)

    def write(text: str, by: int, minutes: float = 0) -> bool:
        return add_note(
            session,
            workspace_id=world.id,
            contact_id=contact.id,
            text=text,
            by=by,
            now=now + minutes * MINUTE,
        )

    assert all(
        [write("a", world.member.id), write("a", world.member.id, 0.5), write("a", world.member.id, 2)]
    )
    write("b", world.admin.id, 3)
    assert not add_note(
        session, workspace_id=world.id, contact_id=binned.id, text="x", by=world.member.id, now=now
    )
    notes = read_notes(session, contact.id, size=2)
    assert [(one.note.text, one.author and one.author.name) for one in notes.notes] == [
        ("b", "Ada Admin"), ("a", "Max Member"),
    ]  # fmt: skip
    assert [one.note.text for one in read_notes(session, contact.id, size=2, before=notes.older).notes] == [
        "a"
    ]

    def remove(note: ContactNote, by: int | None) -> bool:
        return delete_note(
            session, workspace_id=world.id, contact_id=contact.id, note_id=note.id, by=by, now=now
        )

    newest = notes.notes[0].note
    assert not remove(newest, world.member.id), "another's"
    assert remove(newest, None)
    assert not remove(newest, None)


def test_of_the_deleted_contacts_with_an_address_the_last_deleted_is_found(
    session: Session, world: World
) -> None:
    now = read_clock(session)
    found = [new_contact(session, world, email=None) for _ in range(3)]
    names = ("Ann@x.example", "ann@X.example", "ann@x.example.org")
    for days, (contact, email) in enumerate(zip(found, names, strict=True)):
        edit_contact(
            session, workspace_id=world.id, contact_id=contact.id, details=Details(email, "A"), now=now
        )
        delete(session, world, contact, at=now - timedelta(days=5 - days))

    def last(email: str, later: timedelta = MINUTE) -> int | None:
        contact = last_deleted_with_address(session, world.id, email, now + later)
        return contact.id if contact else None

    assert last("ANN@x.example") == found[1].id
    assert last("nn@x.example") is None
    assert last("ann@x.example", timedelta(days=40)) is None
