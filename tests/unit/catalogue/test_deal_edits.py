"""Deals are created with a contact, edited by a version and moved; they are shown with live contacts only."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts, new_deal
from tests.factories.people import World, new_world
from webapp.catalogue.deal_edits import (
    DealChanged,
    DealDetails,
    NoContact,
    NoDeal,
    create_deal,
    edit_deal,
    move_deal,
)
from webapp.catalogue.deals import add_to_deal, remove_from_deal
from webapp.catalogue.delete import delete_from_catalogue
from webapp.catalogue.stages import LOST, STAGES, WON, Position, other_stages
from webapp.clock import read_clock
from webapp.contacts import deals
from webapp.contacts.deals import DealFilters, board, contacts_on, count_deals, members, read_deals
from webapp.models import AuditEvent, Contact, Deal, DealContact
from webapp.models.deal import DealStatus

DETAILS = DealDetails("Olive oil", Decimal("12.50"), "EUR", Position("To contact"))


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


def create(session: Session, world: World, *contacts: Contact, details: DealDetails = DETAILS) -> int:
    ids, now = [contact.id for contact in contacts], read_clock(session)
    return create_deal(session, details, ids, workspace_id=world.id, by=world.member.id, now=now)


def edit(session: Session, world: World, deal_id: int, details: DealDetails, version: int) -> bool:
    by, now = world.member.id, read_clock(session)
    return edit_deal(session, deal_id, details, version=version, workspace_id=world.id, by=by, now=now)


def stored(session: Session, deal_id: int) -> tuple[DealDetails, int]:
    session.expire_all()
    deal = session.get_one(Deal, deal_id)
    return DealDetails.of(deal), deal.version


def events(session: Session, world: World) -> list[tuple[str, dict[str, Any]]]:
    found = select(AuditEvent).where(AuditEvent.workspace_id == world.id).order_by(AuditEvent.id)
    return [(event.action, event.detail) for event in session.scalars(found) if event.subject[:5] == "deal:"]


def test_a_deal_is_created_with_live_contacts_the_first_of_them_primary(
    session: Session, world: World
) -> None:
    gone, first, second = new_contacts(session, world, 3)
    foreign = new_contact(session, new_world(session))
    delete(session, world, gone)

    deal_id = create(session, world, gone, foreign, second, first, second)

    assert stored(session, deal_id) == (DETAILS, 1)
    assert [(row[0].id, row[1]) for row in members(session, deal_id)] == [
        (second.id, True),
        (first.id, False),
    ]
    assert session.get_one(Contact, first.id).version == 2
    assert events(session, world) == [("deal.created", {"contacts": 2})]


def test_a_deal_without_a_live_contact_is_not_created(session: Session, world: World) -> None:
    gone = new_contact(session, world)
    delete(session, world, gone)

    for contacts in ((), (gone,), (new_contact(session, new_world(session)),)):
        with pytest.raises(NoContact):
            create(session, world, *contacts)
    assert session.scalars(select(Deal).where(Deal.workspace_id == world.id)).all() == []


def test_the_second_of_two_editors_is_told_what_is_stored(session: Session, world: World) -> None:
    deal_id = create(session, world, new_contact(session, world))
    first, second = replace(DETAILS, title="Oil"), replace(DETAILS, value=Decimal(99))

    assert edit(session, world, deal_id, first, 1)
    with pytest.raises(DealChanged) as refused:
        edit(session, world, deal_id, second, 1)

    assert (refused.value.stored, refused.value.version) == (first, 2)
    assert stored(session, deal_id) == (first, 2)
    assert edit(session, world, deal_id, second, 2)
    assert stored(session, deal_id) == (second, 3)
    # The same form sent twice is no conflict.
    assert not edit(session, world, deal_id, second, 2)
    assert events(session, world)[1:] == [
        ("deal.edited", {"fields": ["title"]}),
        ("deal.edited", {"fields": ["title", "value"]}),
    ]


def test_a_deal_is_moved_by_its_version_and_only_in_its_workspace(session: Session, world: World) -> None:
    deal_id = create(session, world, new_contact(session, world))
    elsewhere, now = new_world(session), read_clock(session)

    def move(position: Position, version: int, where: World = world) -> bool:
        return move_deal(session, deal_id, position, version=version, workspace_id=where.id, by=None, now=now)

    assert move(WON, 1)
    assert stored(session, deal_id) == (replace(DETAILS, position=WON), 2)
    assert not move(WON, 1)
    with pytest.raises(DealChanged):
        move(LOST, 1)
    with pytest.raises(NoDeal):
        move(LOST, 2, elsewhere)
    delete_from_catalogue(session, Deal, deal_id, workspace_id=world.id, by=None, now=now)
    with pytest.raises(NoDeal):
        move(LOST, 2)


def test_a_contact_added_to_a_deal_without_a_primary_becomes_it(session: Session, world: World) -> None:
    first, second = new_contacts(session, world, 2)
    deal_id = create(session, world, first)
    where: dict[str, Any] = {"workspace_id": world.id, "deal_id": deal_id, "now": read_clock(session)}
    assert remove_from_deal(session, contact_id=first.id, **where)

    assert add_to_deal(session, contact_id=second.id, **where)
    assert add_to_deal(session, contact_id=first.id, **where)

    assert [(row[0].id, row[1]) for row in members(session, deal_id)] == [
        (second.id, True),
        (first.id, False),
    ]


def test_deals_are_shown_with_their_live_contacts_only(session: Session, world: World) -> None:
    first, second, third = new_contacts(session, world, 3)
    deal, empty = new_deal(session, world, first, second, third), new_deal(session, world)
    delete(session, world, first)

    found = contacts_on(session, [deal.id, empty.id])

    assert found[deal.id].primary == second
    assert (found[deal.id].others, found[empty.id].others) == (1, 0)
    assert [row[0].id for row in members(session, deal.id)] == [second.id, third.id]
    # Even a place that no deletion has detached shows no deleted contact.
    place = session.scalars(select(DealContact).where(DealContact.contact_id == first.id)).one()
    place.detached_at = place.detached_by_deletion_id = None
    session.flush()
    assert contacts_on(session, [deal.id])[deal.id].others == 1


def test_deals_are_found_by_title_stage_and_status(session: Session, world: World) -> None:
    rows = {
        title: new_deal(session, world, title=title)
        for title in ("ÉCLAIRS for 100% Café", "Tea_x", "Bread", "Gone")
    }
    rows["Bread"].stage, rows["Bread"].status = WON.stage, WON.status
    rows["Gone"].deleted_at = read_clock(session)
    new_deal(session, new_world(session), title="Bread elsewhere")
    session.flush()

    def found(**wanted: Any) -> list[str]:
        filters = DealFilters(world.id, **wanted)
        titles = [row[0].title for row in read_deals(session, filters, size=9).rows]
        assert count_deals(session, filters) == len(titles)
        return titles

    assert found() == ["Bread", "Tea_x", "ÉCLAIRS for 100% Café"]
    for q in ("éclairs", "CAFÉ", "cafe eclair", "100%"):
        assert found(q=q) == ["ÉCLAIRS for 100% Café"], q
    assert found(q="tea_") == ["Tea_x"]
    assert found(q="tea%") == []
    assert found(status=DealStatus.WON) == found(stage="Closed") == ["Bread"]
    assert found(stage="") == ["Tea_x", "ÉCLAIRS for 100% Café"]


def test_each_deal_is_in_one_column_of_the_board(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deals, "CARDS", 2)
    places = [("To contact", "open")] * 3 + [("Closed", "won"), ("Closed", "lost"), ("Closed", "open")]
    places += [("", "open"), ("Legal", "lost"), ("Negotiation", "won")]
    made = []
    for number, (stage, status) in enumerate(places):
        deal = new_deal(session, world, title=f"Deal {number}")
        deal.stage, deal.status, deal.currency = stage, DealStatus(status), "EUR" if number % 2 else "JPY"
        made.append(deal)
    for other in (new_deal(session, new_world(session)), new_deal(session, world)):
        other.stage = "To contact"
    other.deleted_at = read_clock(session)
    session.flush()

    others = other_stages(session, world.id)
    columns = board(session, world.id, others)

    assert sorted(others) == ["", "Legal"]
    shown = {column.position: [deal.title for deal in column.deals] for column in columns}
    assert shown == {
        Position("To contact"): ["Deal 2", "Deal 1"],
        Position("In contact"): [],
        Position("Proposal sent"): [],
        Position("Negotiation"): ["Deal 8"],
        Position(""): ["Deal 6"],
        Position("Legal"): ["Deal 7"],
        WON: ["Deal 3"],
        LOST: ["Deal 4"],
        Position("Closed"): ["Deal 5"],
    }
    first = columns[0]
    assert (first.amount.number, first.amount.exact) == (3, True)
    assert first.sums == [(Decimal(200), "JPY"), (Decimal(100), "EUR")]


def test_a_column_with_too_many_deals_says_over_and_adds_nothing_up(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deals, "MOST_COUNTED", 2)
    for _ in range(3):
        new_deal(session, world).stage = STAGES[1]
    session.flush()

    column = board(session, world.id, [])[1]

    assert (column.amount.number, column.amount.exact, column.sums) == (2, False, [])
    assert len(column.deals) == 3
