"""Deals, primaries and pending runs end as if one act had deleted all, whatever the batches; and so a restore
brings the same back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_deal
from tests.factories.people import World, new_world
from tests.support.deleting import Deleting
from webapp.contacts.delete import delete_contacts
from webapp.models import Contact, Deal, DealContact
from webapp.worker.redis_lock import RedisLock

PEOPLE = 5
people = st.integers(0, PEOPLE - 1)


@dataclass
class Business:
    """The contacts of each deal, the first one its primary unless it has none; which deals are deleted; who
    matches."""

    deals: list[list[int]]
    headless: set[int]
    dead: set[int]
    going: set[int]


businesses = st.builds(
    Business,
    deals=st.lists(st.lists(people, min_size=1, max_size=4, unique=True), max_size=4),
    headless=st.sets(st.integers(0, 3), max_size=1),
    dead=st.sets(st.integers(0, 3), max_size=1),
    going=st.sets(people, min_size=1),
)


def build(
    session: Session, world: World, business: Business, moment: datetime
) -> tuple[list[int], list[int]]:
    """The ids of the contacts, in the order of the walk, and of the deals."""
    contacts = [
        new_contact(
            session,
            world,
            "Zoë" if number in business.going else "Bob",
            created_at=moment + timedelta(hours=number),
        )
        for number in range(PEOPLE)
    ]
    deals = []
    for number, places in enumerate(business.deals):
        deal = new_deal(session, world, *(contacts[place] for place in places))
        if number in business.headless:
            of_it = update(DealContact).where(DealContact.deal_id == deal.id)
            session.execute(of_it.values(is_primary=False))
        if number in business.dead:
            deal.deleted_at = moment
        deals.append(deal.id)
    session.flush()
    return [contact.id for contact in contacts], deals


def seen(session: Session, contacts: list[int], deals: list[int]) -> list[Any]:
    """What is stored of them, by their places and not by their ids, and without times."""
    session.expire_all()
    rows: list[Any] = []
    for deal in (session.get_one(Deal, deal_id) for deal_id in deals):
        rows.append((deal.deleted_at is None, deal.deleted_by_deletion_id is None))
        places = select(DealContact).where(DealContact.deal_id == deal.id).order_by(DealContact.id)
        for place in session.scalars(places):
            is_off = place.detached_at is not None
            assert is_off == (place.detached_by_deletion_id is not None)
            rows.append((contacts.index(place.contact_id), place.is_primary, is_off))
    lives = [session.get_one(Contact, contact_id).is_live for contact_id in contacts]
    versions = [session.get_one(Contact, contact_id).version for contact_id in contacts]
    return [rows, lives, versions]


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(business=businesses, size=st.integers(1, 3))
def test_batches_end_like_one_act_and_so_does_a_restore(
    session: Session, lock: RedisLock, business: Business, size: int
) -> None:
    ends = []
    for batch_size in (None, size):
        world = new_world(session)
        deleting = Deleting(session, world, lock)
        contacts, deals = build(session, world, business, deleting.now() - timedelta(days=9))
        if batch_size is None:
            zoes = select(Contact.id).where(Contact.workspace_id == world.id, Contact.first_name == "Zoë")
            delete_contacts(
                session,
                workspace_id=world.id,
                which=zoes,
                by=world.admin.id,
                now=deleting.now(),
                source="overview",
            )
        else:
            job = deleting.delete_all(q="zoe", batch_size=batch_size)
            assert job.counts == {"deleted": len(business.going)}
        deleted = seen(session, contacts, deals)
        deleting.restore_all()
        ends.append([deleted, seen(session, contacts, deals)])
    assert ends[0] == ends[1]
