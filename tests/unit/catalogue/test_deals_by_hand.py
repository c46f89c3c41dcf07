"""Contacts are attached to deals and removed from them by hand; rule 2 has the tests of deletions."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_deal
from tests.factories.people import World, new_world
from webapp.catalogue.deals import attach, remove_from_deal
from webapp.catalogue.delete import delete_from_catalogue
from webapp.clock import read_clock
from webapp.models import Contact, Deal, DealContact


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


def attach_contact(
    session: Session, world: World, deal: Deal, contact: Contact, *, primary: bool = False
) -> bool:
    now = read_clock(session)
    return attach(
        session, workspace_id=world.id, deal_id=deal.id, contact_id=contact.id, primary=primary, now=now
    )


def remove_contact(session: Session, world: World, deal: Deal, contact: Contact) -> bool:
    now = read_clock(session)
    return remove_from_deal(session, workspace_id=world.id, deal_id=deal.id, contact_id=contact.id, now=now)


def contacts_of(session: Session, deal: Deal) -> list[tuple[int, bool]]:
    rows = session.execute(
        select(DealContact.contact_id, DealContact.is_primary)
        .where(DealContact.deal_id == deal.id, DealContact.detached_at.is_(None))
        .order_by(DealContact.attached_at, DealContact.id)
    )
    return [(contact_id, is_primary) for contact_id, is_primary in rows]


def test_a_contact_attached_as_primary_replaces_the_primary(session: Session, world: World) -> None:
    first, second = new_contact(session, world), new_contact(session, world)
    deal = new_deal(session, world, first)

    assert attach_contact(session, world, deal, second, primary=True)

    assert contacts_of(session, deal) == [(first.id, False), (second.id, True)]
    session.refresh(second)
    assert second.version == 2


def test_attaching_twice_keeps_the_order_and_the_primary(session: Session, world: World) -> None:
    first, second = new_contact(session, world), new_contact(session, world)
    deal = new_deal(session, world, first, second)
    since = select(DealContact.attached_at).where(DealContact.deal_id == deal.id).order_by(DealContact.id)
    before = session.scalars(since).all()

    assert attach_contact(session, world, deal, first)
    assert attach_contact(session, world, deal, second)

    assert contacts_of(session, deal) == [(first.id, True), (second.id, False)]
    assert session.scalars(since).all() == before


def test_removing_the_primary_makes_the_longest_attached_contact_primary(
    session: Session, world: World
) -> None:
    first, second, third = (new_contact(session, world) for _ in range(3))
    deal = new_deal(session, world, first, second, third)

    assert remove_contact(session, world, deal, first)

    assert contacts_of(session, deal) == [(second.id, True), (third.id, False)]


def test_removing_the_last_contact_keeps_the_deal(session: Session, world: World) -> None:
    contact = new_contact(session, world)
    deal = new_deal(session, world, contact)

    assert remove_contact(session, world, deal, contact)
    assert not remove_contact(session, world, deal, contact)

    session.refresh(deal)
    assert (deal.deleted_at, contacts_of(session, deal)) == (None, [])


def test_deleted_and_foreign_deals_and_contacts_are_not_changed(session: Session, world: World) -> None:
    alive, gone = new_contact(session, world), new_contact(session, world)
    deal, gone_deal = new_deal(session, world, alive), new_deal(session, world, alive)
    elsewhere = new_world(session)
    foreigner = new_contact(session, elsewhere)
    foreign_deal = new_deal(session, elsewhere, foreigner)
    gone_deal.deleted_at = read_clock(session)
    delete(session, world, gone)

    refused = [(deal, gone), (gone_deal, gone), (deal, foreigner), (foreign_deal, alive)]
    for which, whom in refused:
        assert not attach_contact(session, world, which, whom)
    for which, whom in [(gone_deal, alive), (foreign_deal, foreigner)]:
        assert not remove_contact(session, world, which, whom)

    assert contacts_of(session, deal) == contacts_of(session, gone_deal) == [(alive.id, True)]
    assert contacts_of(session, foreign_deal) == [(foreigner.id, True)]


def test_a_deal_is_deleted_once_and_by_its_own_workspace_only(session: Session, world: World) -> None:
    deal = new_deal(session, world, new_contact(session, world))
    now = read_clock(session)
    elsewhere = new_world(session)

    def delete_deal(where: World, at: timedelta) -> bool:
        return delete_from_catalogue(
            session, Deal, deal.id, workspace_id=where.id, by=where.admin.id, now=now + at
        )

    assert not delete_deal(elsewhere, timedelta(0))
    assert delete_deal(world, timedelta(0))
    assert not delete_deal(world, timedelta(hours=1))
    session.refresh(deal)
    assert deal.deleted_at == now
