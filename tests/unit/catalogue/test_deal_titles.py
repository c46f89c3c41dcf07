"""Deals are found by the words of their titles, however they are typed, among few and among many."""

from decimal import Decimal

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_deal
from tests.factories.people import World, new_world
from webapp.catalogue.deal_edits import DealDetails, create_deal, edit_deal
from webapp.catalogue.pick import pick_deal
from webapp.catalogue.stages import Position
from webapp.clock import read_clock
from webapp.contacts import search
from webapp.contacts.deals import DealFilters, count_deals, read_deals
from webapp.contacts.mend import mend, needs_mending
from webapp.models import Deal
from webapp.models.deal import DealStatus


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


def found(session: Session, world: World, q: str, **others: object) -> list[str]:
    """The titles that all pages show, and the number."""
    filters = DealFilters(world.id, q, **others)  # type: ignore[arg-type]
    titles, page = [], read_deals(session, filters, size=2)
    titles += [row[0].title for row in page.rows]
    while page.older:
        page = read_deals(session, filters, size=2, after=page.older)
        titles += [row[0].title for row in page.rows]
    assert count_deals(session, filters) == len(titles)
    return titles


def picked(session: Session, world: World, q: str) -> list[str]:
    return [choice.name for choice in pick_deal(session, world.id, q).choices]


@pytest.mark.parametrize("looked_at", [100, 3], ids=["few", "many"])
@pytest.mark.parametrize("most_matches", [100, 1], ids=["rare", "frequent"])
def test_a_title_is_found_on_every_page_however_it_is_typed(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch, looked_at: int, most_matches: int
) -> None:
    """Also where a page ends before it has found enough, and where the others match, too."""
    monkeypatch.setattr(search, "SCAN_LIMIT", looked_at)
    monkeypatch.setattr(search, "FIRST_LOOK", 2)
    monkeypatch.setattr(search, "MOST_MATCHES", most_matches)
    titles = ["Łódź – Café", "Straße 5", "王小明", "Tea 1", "Tea 2", "Tea 3", "Tea 4", "Bread", "Tea 5"]
    for title in titles:
        new_deal(session, world, title=title).stage = "Legal" if title == "Tea 3" else "x"
    session.flush()

    for q, expected in {"lodz cafe": 0, "STRASSE": 1, "明": 2, "br": 7}.items():
        assert found(session, world, q) == picked(session, world, q) == [titles[expected]], q
    assert found(session, world, "tea") == ["Tea 5", "Tea 4", "Tea 3", "Tea 2", "Tea 1"]
    assert found(session, world, "tea", stage="Legal") == ["Tea 3"]
    assert found(session, world, "ea") == found(session, world, "tea", status=DealStatus.WON) == []


def test_a_deal_that_is_made_or_renamed_is_found_by_its_new_title(session: Session, world: World) -> None:
    contact, now = new_contact(session, world), read_clock(session)
    act = {"workspace_id": world.id, "by": None, "now": now}
    details = DealDetails("Café", Decimal(1), "EUR", Position("x"))
    deal_id = create_deal(session, details, [contact.id], **act)  # type: ignore[arg-type]
    assert found(session, world, "cafe") == ["Café"]

    renamed = DealDetails("Thé", Decimal(1), "EUR", Position("x"))
    assert edit_deal(session, deal_id, renamed, version=1, **act)  # type: ignore[arg-type]

    assert found(session, world, "the") == ["Thé"]
    assert found(session, world, "cafe") == []
    assert not session.scalar(select(Deal.id).where(Deal.searched_version != Deal.version))


def test_what_the_previous_release_writes_is_found_and_then_folded(session: Session, world: World) -> None:
    """Played by statements on its own columns."""
    row = {"workspace_id": world.id, "title": "Café Noir", "currency": "EUR", "stage": "x", "value": 1}
    session.execute(insert(Deal).values(**row))
    renamed = new_deal(session, world, title="Bread")
    new_title = update(Deal).where(Deal.id == renamed.id).values(title="Thé", version=Deal.version + 1)
    session.execute(new_title)
    session.commit()
    assert needs_mending(session)
    for q, title in (("noir", "Café Noir"), ("thé", "Thé")):
        assert found(session, world, q) == picked(session, world, q) == [title]
    assert found(session, world, "cafe") == []

    mend(session)

    assert not needs_mending(session)
    assert found(session, world, "cafe") == ["Café Noir"]
    assert found(session, world, "the") == ["Thé"]
    assert found(session, world, "bread") == []


def test_a_page_of_deals_ends_where_it_has_looked_at_enough(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.contacts.deals.FIRST_LOOK", 1)
    monkeypatch.setattr("webapp.contacts.deals.MOST_PASSED", 2)
    deals = [new_deal(session, world, title=f"Deal {number}") for number in range(7)]
    for deal in deals[3:]:
        deal.deleted_at = read_clock(session)
    session.flush()

    assert not read_deals(session, DealFilters(world.id), size=2).rows
    assert found(session, world, "") == ["Deal 2", "Deal 1", "Deal 0"]
    first = read_deals(session, DealFilters(world.id), size=2)
    assert first.older is not None
    later = read_deals(session, DealFilters(world.id), size=2, after=first.older)
    back = read_deals(session, DealFilters(world.id), size=2, before=later.newer)
    assert (back.rows, back.newer) == ([], None)
