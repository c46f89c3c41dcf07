"""Keys of addresses that are out of date: those of the previous release, for which an international domain
had two."""

import unicodedata
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact
from tests.factories.people import World, new_world
from tests.support.restoring import Restoring
from webapp.contacts.mend import mend, needs_mending
from webapp.models import AuditEvent, Contact, ContactSearch
from webapp.worker.redis_lock import RedisLock

UNICODE, PUNYCODE = "ann@müller.example", "ann@xn--mller-kva.example"


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


def old_contact(session: Session, world: World, email: str, *, ago: timedelta = 400 * DAY) -> Contact:
    """A contact as the previous release inserts it."""
    contact = new_contact(session, world, email=None)
    contact.email, contact.email_key = email, " ".join(unicodedata.normalize("NFC", email.lower()).split())
    contact.created_at -= ago
    session.execute(update(ContactSearch).where(ContactSearch.contact_id == contact.id).values(folding=0))
    session.commit()
    return contact


def keys(session: Session, *contacts: Contact) -> list[str | None]:
    for contact in contacts:
        session.refresh(contact)
    return [contact.email_key for contact in contacts]


def events(session: Session, world: World) -> list[tuple[str, str, dict[str, int]]]:
    rows = select(AuditEvent.action, AuditEvent.subject, AuditEvent.detail).where(
        AuditEvent.workspace_id == world.id, AuditEvent.action == "contact.address_shared"
    )
    return [(action, subject, detail) for action, subject, detail in session.execute(rows)]


def mend_all(session: Session) -> None:
    """Twice: a second time changes nothing."""
    mend(session)
    session.execute(update(ContactSearch).values(folding=0))
    mend(session)


def test_an_international_domain_gets_the_key_of_its_own_letters(session: Session, world: World) -> None:
    contacts = [
        old_contact(session, world, email)
        for email in ("Bob@XN--MLLER-KVA.example", "ann@例子。中国", "cy@x.example\u3164", "'d@x.example'")
    ]
    before = contacts[0].version, contacts[0].updated_at

    mend_all(session)

    assert keys(session, *contacts) == [
        "bob@müller.example",
        "ann@例子.中国",
        "cy@x.example",
        "'d@x.example'",
    ]
    assert (contacts[0].email, contacts[0].version, contacts[0].updated_at) == (
        "Bob@XN--MLLER-KVA.example",
        *before,
    )
    assert events(session, world) == []


@pytest.mark.parametrize("emails", [(UNICODE, PUNYCODE), (PUNYCODE, UNICODE)])
def test_of_two_live_contacts_with_one_key_the_older_gets_it(
    session: Session, world: World, emails: tuple[str, str]
) -> None:
    """Where the younger has it already, it gets the one that the older gives up."""
    older, younger = (old_contact(session, world, email) for email in emails)
    elsewhere = old_contact(session, new_world(session), PUNYCODE)

    mend_all(session)

    assert keys(session, older, younger, elsewhere) == [UNICODE, PUNYCODE, UNICODE]
    assert events(session, world) == [
        ("contact.address_shared", f"contact:{younger.id}", {"same_as": older.id})
    ]
    assert (older.email, younger.email) == emails


def test_the_older_is_the_one_created_first(session: Session, world: World) -> None:
    younger, older, third = (
        old_contact(session, world, email, ago=ago)
        for email, ago in ((UNICODE, DAY), (PUNYCODE, 2 * DAY), ("ann@MÜLLER。example", timedelta(0)))
    )

    mend_all(session)

    assert keys(session, older, younger, third) == [UNICODE, PUNYCODE, "ann@müller。example"]
    assert {subject: detail for _, subject, detail in events(session, world)} == {
        f"contact:{other.id}": {"same_as": older.id} for other in (younger, third)
    }


def test_keys_of_deleted_contacts_are_renewed_and_a_restore_compares_them(
    session: Session, world: World, lock: RedisLock
) -> None:
    gone = old_contact(session, world, PUNYCODE)
    delete(session, world, gone)
    twin = old_contact(session, world, "ANN@xn--mller-KVA.example")
    delete(session, world, twin)
    holder = old_contact(session, world, UNICODE)

    mend_all(session)
    restoring = Restoring(session, world, lock)
    job = restoring.restore(gone, twin)

    assert keys(session, gone, twin, holder) == [UNICODE] * 3
    assert restoring.outcomes(job) == {
        gone.id: ("skipped", "email_taken", holder.id),
        twin.id: ("skipped", "email_taken", holder.id),
    }
    assert events(session, world) == []


def test_many_are_mended_in_batches_and_one_that_is_stopped_goes_on(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What other tests have left is not counted.
    mend_all(session)
    monkeypatch.setattr("webapp.contacts.mend.BATCH", 2)
    contacts = [old_contact(session, world, f"{name}@xn--mller-kva.example") for name in "abc"]
    stops = iter([False, True])

    assert mend(session, should_stop=lambda: next(stops)) == 2
    assert needs_mending(session)
    assert mend(session) == 1

    assert keys(session, *contacts) == [f"{name}@müller.example" for name in "abc"]
    assert not needs_mending(session)
