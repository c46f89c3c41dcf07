"""Rule 7. Up to 100 by selection, all matching by filters. Search text is literal; an unreadable filter is an
error; a range beyond the window is cut to it, and the page says so."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.contacts.find import Wanted
from webapp.contacts.find import count as count_live
from webapp.restoring.filters import Filters, read_filters
from webapp.restoring.recycle_bin import BinWindow, count
from webapp.restoring.work import NothingToRestore

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def test_a_hundred_may_be_selected(session: Session, world: World, restoring: Restoring) -> None:
    contacts = new_contacts(session, world, 100)
    delete(session, world, *contacts)

    assert restoring.restore(*contacts).count("restored") == 100


def test_a_hundred_and_one_are_refused_for_every_caller(
    session: Session, world: World, restoring: Restoring
) -> None:
    contacts = new_contacts(session, world, 101)
    delete(session, world, *contacts)

    with pytest.raises(ValueError, match="101 contacts selected, 100 are the most"):
        restoring.question(*contacts)
    assert len(restoring.in_bin()) == 101


def test_by_filters_more_than_a_hundred_are_restored(
    session: Session, world: World, restoring: Restoring
) -> None:
    contacts = new_contacts(session, world, 101)
    delete(session, world, *contacts)

    assert restoring.restore_all().count("restored") == 101
    assert restoring.in_bin() == set()


@pytest.mark.parametrize(
    ("search", "found", "not_found"),
    [
        ("50%off", "50%off", "50xoff"),
        ("%ff", "o%ff", "off"),
        ("a_b", "a_b", "axb"),
        ("%", "%", "x"),
        ("_", "_", "x"),
        ("c\\d", "c\\d", "cd"),
        ("x/y", "x/y", "xy"),
        ("o'c", "O'Connor", "OConnor"),
    ],
)
def test_the_search_text_is_literal(
    search: str, found: str, not_found: str, session: Session, world: World, restoring: Restoring
) -> None:
    one = new_contact(session, world, found, "", email=None)
    other = new_contact(session, world, not_found, "", email=None)
    assert count_live(session, Wanted(world.id, q=search)) == 1
    delete(session, world, one, other)

    assert restoring.in_bin(filters=Filters(q=search)) == {one.id}
    assert restoring.restore_all(q=search).count("restored") == 1
    assert restoring.is_live(one)
    assert not restoring.is_live(other)


@pytest.mark.parametrize(
    ("search", "matches"),
    [("le", True), ("an", True), ("ee", False), ("lee", True), ("ann l", True), ("nn l", False), ("", True)],
)
def test_one_or_two_characters_match_the_beginning_of_a_word(
    search: str, matches: bool, session: Session, world: World, restoring: Restoring
) -> None:
    contact = new_contact(session, world, "Ann", "Lee", email=None)
    delete(session, world, contact)

    assert restoring.question_all(q=search).can_restore_any == matches


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("from", "tomorrow"),
        ("from", "2026-02-30"),
        ("from", "2026-W28-3"),
        ("from", "20260715"),
        ("from", "２０２６-07-15"),
        ("to", "15.07.2026"),
        ("to", "2026-07-15T00:00"),
        ("to", "9999-12-31"),
        ("to", "2026-07-1\0"),
        ("q", "Ann\0"),
        ("q", "\ud800"),
        ("q", "x" * 255),
        ("deleted_by", "Ann"),
        ("deleted_by", "-1"),
        ("deleted_by", "٣"),
        ("deletion", "9" * 19),
        ("deletion", "1.5"),
    ],
)
def test_an_unreadable_filter_is_an_error_at_its_field(field: str, text: str) -> None:
    typed = read_filters({"q": "ann", field: text}, zone=UTC_ZONE, now=NOW)

    assert typed.meaning is None
    assert not typed.valid
    assert list(typed.errors) == [field]


def test_a_from_after_to_is_an_error() -> None:
    typed = read_filters({"from": "2026-07-10", "to": "2026-07-09"}, zone=UTC_ZONE, now=NOW)

    assert typed.meaning is None
    assert list(typed.errors) == ["to"]


@pytest.mark.parametrize("blank", [{}, {"q": "", "from": ""}, {"q": " \t ", "to": " ", "deleted_by": " "}])
def test_empty_filters_match_everything(blank: dict[str, str]) -> None:
    typed = read_filters(blank, zone=UTC_ZONE, now=NOW)

    assert typed.meaning == Filters()
    assert not typed.any


@pytest.mark.parametrize(
    ("typed", "is_cut"),
    [
        ({"from": "2026-06-14"}, True),
        ({"from": "0001-01-01"}, True),
        ({"from": "2026-06-14", "to": "2026-07-01"}, True),
        ({"to": "2026-06-14"}, True),
        ({"from": "2026-06-15"}, False),
        ({"from": "2026-06-16"}, False),
        ({"to": "2026-06-15"}, False),
        ({"to": "2026-07-20"}, False),
    ],
)
def test_a_range_that_reaches_beyond_the_window_is_cut_and_says_so(
    typed: dict[str, str], is_cut: bool
) -> None:
    read = read_filters(typed, zone=UTC_ZONE, now=NOW)

    assert read.meaning is not None
    assert read.meaning.since is None or read.meaning.since >= NOW - timedelta(days=30)
    assert read.notes == (
        ("Contacts can be restored for 30 days. Earlier days are left out.",) if is_cut else ()
    )


def test_a_range_that_is_cut_matches_what_is_in_the_window(
    session: Session, world: World, restoring: Restoring
) -> None:
    now = restoring.now()
    inside, outside = new_contact(session, world), new_contact(session, world)
    delete(session, world, inside, at=now - 29 * DAY)
    delete(session, world, outside, at=now - 31 * DAY)

    restoring.restore_all(at=now, since="2020-01-01")

    assert restoring.is_live(inside)
    assert not restoring.is_live(outside)


@pytest.mark.parametrize("typed", [{"q": "nobody"}, {"deletion": "99"}, {"deleted_by": "999999999999999999"}])
def test_a_question_without_matches_cannot_be_confirmed(
    typed: dict[str, str], session: Session, world: World, restoring: Restoring
) -> None:
    delete(session, world, new_contact(session, world))

    question = restoring.question_all(at=None, **typed)

    assert not question.can_restore_any
    assert question.scope.expected == 0
    with pytest.raises(NothingToRestore):
        restoring.confirm(question.scope)


def test_all_filters_apply_together(session: Session, world: World, restoring: Restoring) -> None:
    by_admin, by_member, other_name = (
        new_contact(session, world, "Ann"),
        new_contact(session, world, "Ann"),
        new_contact(session, world, "Bob"),
    )
    delete(session, world, by_admin, by=world.admin.id)
    number = delete(session, world, by_member, other_name, by=world.member.id).number

    for typed in ({"deleted_by": str(world.member.id)}, {"deletion": str(number)}):
        question = restoring.question_all(at=None, q="ann", **typed)
        assert question.scope.expected == 1
        assert restoring.in_bin(filters=question.scope.filters) == {by_member.id}


def test_without_a_search_text_the_counters_equal_the_walk(
    session: Session, world: World, restoring: Restoring
) -> None:
    now = restoring.now()
    for days in (1, 2, 31):
        delete(session, world, *new_contacts(session, world, 2), at=now - days * DAY)
    window = BinWindow(world.id, now)

    for filters in (Filters(), Filters(since=now - DAY), Filters(before=now - DAY), Filters(deletion=(1,))):
        assert count(session, window, filters) == len(restoring.in_bin(at=now, filters=filters))
