"""Rule 7. Up to 100 by selection, all matching by filters. Search text is literal; an unreadable filter is an
error; a range beyond the window is cut to it, and the page says so."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.contacts.find import count as count_live
from webapp.contacts.wanted import Wanted
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters, read_filters
from webapp.restoring.numbers import read_numbers, write_numbers
from webapp.restoring.recycle_bin import count
from webapp.restoring.scope import Scope
from webapp.restoring.work import NothingToRestore

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)

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
        *(
            ("deletion", text)
            for text in ("9" * 19, "1,", ",", "-", "3-", "-3", "5-3", "1;2", "1-2-3", "1,x")
        ),
        *(("deletion", text) for text in ("1-501", "1-300,1000-1200", "0-9223372036854775807")),
        ("how", "the page"),
        ("how", "a\0"),
        ("how", "é"),
        ("expires", "later"),
        ("expires", "48"),
        *(("from_time", text) for text in ("9:00", "24:00", "12:60", "12:00:00", "1200", "noon", "１２:00")),
        # Without its day.
        *(("from_time", "12:00"), ("to_time", "12:00")),
        ("deletion", "1.5"),
    ],
)
def test_an_unreadable_filter_is_an_error_at_its_field(field: str, text: str) -> None:
    typed = read_filters({"q": "ann", field: text}, zone=UTC_ZONE, now=NOW)

    assert typed.meaning is None
    assert not typed.valid
    assert list(typed.errors) == [field]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("7", (7,)),
        ("7,9-12", (7, 9, 10, 11, 12)),
        (" 9 - 10 , 7,7,8-9", (7, 8, 9, 10)),
        ("9223372036854775806-9223372036854775807", (2**63 - 2, 2**63 - 1)),
        ("1-500", tuple(range(1, 501))),
    ],
)
def test_deletions_are_numbers_and_ranges_of_numbers(text: str, numbers: tuple[int, ...]) -> None:
    meaning = read_filters({"deletion": text}, zone=UTC_ZONE, now=NOW).meaning

    assert meaning == Filters(deletion=numbers)
    assert read_numbers(write_numbers(numbers)) == numbers


@given(numbers=st.sets(st.integers(0, 60) | st.integers(0, 2**63 - 1), min_size=1, max_size=50))
def test_a_set_of_deletions_is_written_as_it_is_read(numbers: set[int]) -> None:
    text = write_numbers(numbers)

    assert read_numbers(text) == tuple(sorted(numbers))
    assert write_numbers(read_numbers(text)) == text
    ends = [int(end) for part in text.split(",") for end in (part.split("-")[0], part.split("-")[-1])]
    gaps = [later - earlier for earlier, later in zip(ends[1::2], ends[2::2], strict=False)]
    assert all(gap > 1 for gap in gaps), "neighbours are one range"


def test_a_time_without_its_day_is_of_the_other_day() -> None:
    whole = {"from": "2026-07-09", "from_time": "12:00", "to": "2026-07-09", "to_time": "12:05"}
    meaning = read_filters(whole, zone=UTC_ZONE, now=NOW).meaning
    for missing in ("from", "to"):
        typed = {name: value for name, value in whole.items() if name != missing}
        assert read_filters(typed, zone=UTC_ZONE, now=NOW).meaning == meaning
    # An unreadable day is an error, not a missing one.
    wrong = read_filters(whole | {"to": "soon"}, zone=UTC_ZONE, now=NOW)
    assert list(wrong.errors) == ["to"]


def test_a_from_after_to_is_an_error() -> None:
    same_day = {"from": "2026-07-09", "to": "2026-07-09"}
    times = read_filters(same_day | {"from_time": "12:01", "to_time": "12:00"}, zone=UTC_ZONE, now=NOW)
    minute = read_filters(same_day | {"from_time": "12:00", "to_time": "12:00"}, zone=UTC_ZONE, now=NOW)
    assert list(times.errors) == ["to_time"]
    assert minute.valid

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
    delete(session, world, new_contact(session, world, "Ann"), by=world.member.id).source = "import"
    session.flush()

    for typed in ({"deleted_by": str(world.member.id), "how": "test"}, {"deletion": f"{number},99"}):
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

    for filters in (
        *(Filters(), Filters(since=now - DAY), Filters(before=now - DAY), Filters(deletion=(1,))),
        *(Filters(deletion=(1, 3)), Filters(how="test"), Filters(how="page"), Filters(expires=now - DAY)),
        Filters(before=now, expires=now - DAY),
        Filters(before=now - DAY, expires=now),
    ):
        assert count(session, window, filters) == len(restoring.in_bin(at=now, filters=filters))


def test_of_several_deletions_exactly_these_come_back(
    session: Session, world: World, restoring: Restoring
) -> None:
    """Also in batches, and where others deleted contacts between them and at the same moment."""
    now = restoring.now()
    moments = [now - hours * HOUR for hours in (5, 4, 4, 3, 2)]
    contacts = [new_contacts(session, world, 2) for _ in moments]
    for some, at in zip(contacts, moments, strict=True):
        delete(session, world, *some, at=at)

    job = restoring.confirm(restoring.question_all(at=now, deletion="2,4,77").scope, batch_size=3)

    assert job.count("restored") == 4
    live = [all(restoring.is_live(contact) for contact in some) for some in contacts]
    assert live == [False, True, False, True, False]
    assert restoring.in_bin(at=now) == {c.id for i in (0, 2, 4) for c in contacts[i]}


def test_what_expires_within_48_hours_is_frozen_when_the_dialog_opens(
    session: Session, world: World, restoring: Restoring
) -> None:
    now = restoring.now()
    first, second = new_contact(session, world), new_contact(session, world)
    delete(session, world, first, at=now - 28 * DAY - SECOND)
    delete(session, world, second, at=now - 28 * DAY)
    question = restoring.question_all(at=now, expires="soon")
    assert question.scope.expected == 1

    job = restoring.confirm(Scope.from_dict(question.scope.to_dict()))

    assert job.count("restored") == 1
    assert restoring.is_live(first)
    assert not restoring.is_live(second)
