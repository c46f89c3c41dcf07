"""Keyset paging: every row is on one page, forwards and backwards, even if many share a time."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from webapp.contacts.find import NEWEST_FIRST
from webapp.contacts.find import read_page as read_live
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.wanted import Wanted
from webapp.models import Contact
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import read_page as read_bin
from webapp.web.paging import from_cursor, to_cursor

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

moments = st.datetimes(timezones=st.just(UTC))
row_ids = st.integers(1, 2**63 - 1)


def walk(read: Callable[..., Page]) -> tuple[list[list[int]], list[list[int]]]:
    """The ids on each page from the first to the last, and on the way back."""
    page = read()
    forwards = [[row[0].id for row in page.rows]]
    while page.older:
        page = read(after=page.older)
        forwards.append([row[0].id for row in page.rows])
    backwards = [forwards[-1]]
    while page.newer:
        page = read(before=page.newer)
        backwards.append([row[0].id for row in page.rows])
    return forwards, backwards


@given(minutes=st.lists(st.integers(0, 2), max_size=9), size=st.integers(1, 5))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_row_is_on_one_page_in_order_in_both_directions(
    minutes: list[int], size: int, session: Session
) -> None:
    live, binned = new_world(session), new_world(session)
    expected_live, expected_bin = [], []
    for minute in minutes:
        contact = new_contact(session, live, created_at=NOW - minute * MINUTE)
        expected_live.append((-minute, contact.id))
        contact = new_contact(session, binned)
        delete(session, binned, contact, at=NOW - minute * MINUTE)
        expected_bin.append((-minute, contact.id))

    def read_overview(*, after: Place | None = None, before: Place | None = None) -> Page:
        return read_live(session, Wanted(live.id), size=size, after=after, before=before)

    def read_the_bin(**place: Place) -> Page:
        return read_bin(session, BinWindow(binned.id, NOW), Filters(), size=size, **place)

    for read, expected in ((read_overview, expected_live), (read_the_bin, expected_bin)):
        forwards, backwards = walk(read)
        assert [row_id for page in forwards for row_id in page] == [
            row_id for _, row_id in sorted(expected, reverse=True)
        ]
        assert all(len(page) == size for page in forwards[:-1])
        assert backwards[::-1] == forwards


def test_the_last_deleted_comes_first_then_the_higher_id(session: Session) -> None:
    world = new_world(session)
    older, twin, newest = (new_contact(session, world) for _ in range(3))
    delete(session, world, older, twin, at=NOW - MINUTE)
    delete(session, world, newest, at=NOW)

    page = read_bin(session, BinWindow(world.id, NOW), Filters(), size=10)

    assert [row[0].id for row in page.rows] == [newest.id, twin.id, older.id]
    assert [row.name for row in page.rows] == ["Max Member"] * 3


def test_rows_added_or_removed_meanwhile_shift_no_page(session: Session) -> None:
    world: World = new_world(session)
    contacts = [new_contact(session, world, created_at=NOW - i * MINUTE) for i in range(6)]
    first = read_live(session, Wanted(world.id), size=2)
    new_contact(session, world, created_at=NOW)
    delete(session, world, contacts[1])

    second = read_live(session, Wanted(world.id), size=2, after=first.older)

    assert [row[0].id for row in second.rows] == [contacts[2].id, contacts[3].id]


def test_a_row_removed_while_the_page_is_read_hides_no_other_page(session: Session) -> None:
    world = new_world(session)
    contacts = [new_contact(session, world, created_at=NOW - i * MINUTE) for i in range(4)]
    query = select(Contact).where(Contact.workspace_id == world.id, Contact.id != contacts[0].id)

    def found_before(session: Session, *, limit: int, **_: Place) -> tuple[list[int], None]:
        return [contact.id for contact in contacts][:limit], None

    page = NEWEST_FIRST.read(session, query, found_before, size=2)

    assert [row[0].id for row in page.rows] == [contacts[1].id]
    assert page.older == (contacts[1].created_at, contacts[1].id)
    assert page.total is None


def test_when_all_earlier_rows_are_gone_the_first_page_is_shown(session: Session) -> None:
    world = new_world(session)
    gone, left = (
        new_contact(session, world, created_at=NOW),
        new_contact(session, world, created_at=NOW - MINUTE),
    )
    before = (left.created_at, left.id)
    delete(session, world, gone)

    page = read_live(session, Wanted(world.id), size=2, before=before)

    assert [row[0].id for row in page.rows] == [left.id]
    assert page.newer is None


def test_when_all_later_rows_are_gone_the_first_page_is_shown(session: Session) -> None:
    world = new_world(session)
    left, gone = (
        new_contact(session, world, created_at=NOW),
        new_contact(session, world, created_at=NOW - MINUTE),
    )
    delete(session, world, gone)

    page = read_live(session, Wanted(world.id), size=2, after=(left.created_at, left.id))

    assert [row[0].id for row in page.rows] == [left.id]
    assert page.older is page.newer is None


def test_an_order_by_names_goes_up_and_shows_each_row_once(session: Session) -> None:
    world, elsewhere = new_world(session), new_world(session)
    names = ["beta", "Alpha", "alpha", "Ébène", "beta", "gamma"]
    contacts = [new_contact(session, world, name, "Lee") for name in names]
    new_contact(session, elsewhere, "alpha", "Lee")
    by_name = Keyset(Contact.first_name, Contact.last_name, Contact.id, descending=False)
    everyone = select(Contact).where(Contact.workspace_id == world.id)
    ids = by_name.ids(everyone.with_only_columns(Contact.id))

    def read(**place: Place) -> Page:
        return by_name.read(session, everyone, ids, size=2, **place)

    forwards, backwards = walk(read)

    # The database decides in which order names come, and "beta" is there twice.
    expected = session.scalars(everyone.order_by(Contact.first_name, Contact.id)).all()
    assert forwards == [[row.id for row in expected[start : start + 2]] for start in (0, 2, 4)]
    assert backwards[::-1] == forwards
    assert {row_id for page in forwards for row_id in page} == {contact.id for contact in contacts}


@given(name=st.text(st.characters(codec="utf-8", exclude_characters="\0")), row_id=row_ids)
def test_a_cursor_of_an_order_by_names_leads_back_to_its_place(name: str, row_id: int) -> None:
    cursor = to_cursor((name, row_id))

    assert cursor is not None
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert from_cursor(cursor, (str,)) == (name, row_id)
    for other in ((), (datetime,), (str, str)):
        with pytest.raises(ValueError, match="not a cursor"):
            from_cursor(cursor, other)


@pytest.mark.parametrize(
    "text",
    [
        '["a\\u0000",1]',
        '["\\ud800",1]',
        '["a",true]',
        '["a",1.0]',
        '["a", 1]',
        '{"a":1}',
        "1",
        "[" * 5000,
        "[]",
    ],
)
def test_a_cursor_that_no_place_has_is_refused(text: str) -> None:
    forged = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    with pytest.raises(ValueError, match="not a cursor"):
        from_cursor(forged, (str,))


@given(moment=moments, row_id=row_ids)
def test_a_cursor_leads_back_to_its_place(moment: datetime, row_id: int) -> None:
    cursor = to_cursor((moment, row_id))

    assert cursor is not None
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert from_cursor(cursor) == (moment, row_id)


@given(text=st.one_of(st.text(), st.text("abcXYZ019-_=", max_size=24)))
def test_an_invalid_cursor_is_refused(text: str) -> None:
    try:
        place = from_cursor(text)
    except ValueError:
        return
    assert to_cursor(place) == text


@pytest.mark.parametrize("row_id", [0, -1, 2**63])
def test_a_cursor_to_an_id_that_no_row_has_is_refused(row_id: int) -> None:
    forged = to_cursor((NOW, row_id))

    assert forged is not None
    with pytest.raises(ValueError, match="not a cursor"):
        from_cursor(forged)
