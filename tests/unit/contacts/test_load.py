"""Loading many contacts at once: they are read back as they were written, on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import cycle

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.contacts import new_list, new_tag
from tests.factories.people import World, new_world
from webapp.contacts.address import email_key
from webapp.contacts.load import NewContact, add_contacts
from webapp.folding import folded
from webapp.models import Contact, ContactSearch, ContactTag, Subscription
from webapp.models.mailing_list import SubscriptionStatus

MOMENT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
# Characters with a meaning in the transfer format.
AWKWARD = (
    "a\tb",
    "a\nb\r\nc",
    r"back\slash \. \t \N",
    r"\N",
    "NULL",
    "",
    "it’s “quoted”, 'so' and \"so\"",
    "Zoë Ångström 東京 😀 é",
    "%s %(x)s :x ? {} $1",
    "\x7f\x01",
)
# The same, as far as an address may contain them.
AWKWARD_LOCALS = ("NULL", "Zoë東京😀e\u0301", "%s%{x}s{}$1?", "it’s'so'“quoted”")


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


def test_every_text_is_read_back_as_it_was_written(session: Session, world: World) -> None:
    people = [
        NewContact(MOMENT, email=f"{place}{local}@b.c", first_name=text, last_name=text[::-1], phone=text)
        for place, (text, local) in enumerate(zip(AWKWARD, cycle(AWKWARD_LOCALS), strict=False))
    ]
    ids = add_contacts(session, world.id, people)

    rows = session.execute(
        select(Contact, ContactSearch.folded)
        .join(ContactSearch, ContactSearch.contact_id == Contact.id)
        .where(Contact.id.in_(ids))
        .order_by(Contact.id)
    ).all()
    for (contact, text), person in zip(rows, people, strict=True):
        assert (contact.email, contact.first_name, contact.last_name, contact.phone) == (
            *(person.email, person.first_name, person.last_name, person.phone),
        )
        assert contact.email_key == email_key(person.email)
        assert text == folded(person.first_name, person.last_name, person.email)


def test_omitted_values_are_null_or_the_default_of_the_model(session: Session, world: World) -> None:
    [contact_id] = add_contacts(session, world.id, [NewContact(MOMENT)])

    contact = session.get_one(Contact, contact_id)
    assert (contact.email, contact.email_key, contact.account_id) == (None, None, None)
    assert (contact.deleted_at, contact.deletion_id, contact.restore_job_id) == (None, None, None)
    assert (contact.version, contact.first_name, contact.phone) == (1, "", "")


def test_a_datetime_is_the_same_in_every_zone_and_needs_one(session: Session, world: World) -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    tag, news = new_tag(session, world), new_list(session, world)
    [contact_id] = add_contacts(
        session, world.id, [NewContact(there, tags=[tag.id], lists=[(news.id, SubscriptionStatus.BOUNCED)])]
    )

    contact = session.get_one(Contact, contact_id)
    place = session.get_one(Subscription, (contact_id, news.id))
    assert contact.created_at == contact.updated_at == place.changed_at == MOMENT
    assert place.status == "bounced"
    assert session.get_one(ContactTag, (contact_id, tag.id))
    with pytest.raises(Exception, match="a moment needs its time zone"), session.begin_nested():
        add_contacts(session, world.id, [NewContact(MOMENT.replace(tzinfo=None))])


def test_one_address_in_use_refuses_all_rows(session: Session, world: World) -> None:
    add_contacts(session, world.id, [NewContact(MOMENT, email="ann@b.c")])

    with pytest.raises(IntegrityError) as refusal, session.begin_nested():
        add_contacts(session, world.id, [NewContact(MOMENT, email=f"{name}@b.c") for name in ("bob", "Ann")])

    assert refusal.value.hide_parameters
    here = select(func.count()).select_from(Contact).where(Contact.workspace_id == world.id)
    assert session.scalar(here) == 1
