"""A restore in sentences: numbers, enumerations, filters and estimates as the pages show them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from webapp.restoring.filters import Filters, read_filters
from webapp.restoring.named import Deleted
from webapp.words.dates import Dates
from webapp.words.filters import describe_filters
from webapp.words.isolation import enclose, isolated
from webapp.words.moments import days_left_words
from webapp.words.numbers import counted, duration, joined, remaining

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 contacts"), (1, "1 contact"), (2, "2 contacts"), (4812, "4,812 contacts")]
)
def test_a_number_gets_its_plural_and_its_commas(number: int, words: str) -> None:
    assert counted(number, "contact") == words


@pytest.mark.parametrize(
    ("phrases", "words"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_phrases_are_joined_to_one_enumeration(phrases: list[str], words: str) -> None:
    assert joined(phrases) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "about 5 seconds left"),
        (12, "about 10 seconds left"),
        (58, "about 60 seconds left"),
        (61, "about 1 minute left"),
        (840, "about 14 minutes left"),
    ],
)
def test_an_estimate_is_rounded(seconds: float, words: str) -> None:
    assert remaining(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "under a second"),
        (0.4, "under a second"),
        (0.6, "1 second"),
        (119, "119 seconds"),
        (121, "2 minutes"),
    ],
)
def test_a_duration_is_rounded(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, ""),
        ({"q": "ann"}, f"matching “{isolated('ann')}”"),
        ({"from": "2026-10-25", "to": "2026-10-25"}, "deleted on 25 Oct 2026"),
        ({"from": "2026-10-25", "to": "2026-11-01"}, "deleted from 25 Oct 2026 to 1 Nov 2026"),
        ({"from": "2026-10-25"}, "deleted on or after 25 Oct 2026"),
        ({"to": "2026-10-25"}, "deleted on or before 25 Oct 2026"),
        ({"deleted_by": "7", "how": "page"}, f"deleted by {isolated('Max')} and deleted on a page"),
        ({"how": "bench"}, f"deleted by “{isolated('bench')}”"),
        ({"deletion": "3"}, "in 1 deletion that is not here"),
        ({"from": "2026-10-25", "from_time": "14:03"}, "deleted on or after 25 Oct 2026, 14:03"),
        ({"to": "2026-10-25", "to_time": "14:09"}, "deleted on or before 25 Oct 2026, 14:09"),
        (
            {"from": "2026-10-25", "from_time": "14:03", "to": "2026-10-25", "to_time": "14:09"},
            "deleted on 25 Oct 2026, 14:03 to 14:09",
        ),
        (
            {"from": "2026-10-25", "from_time": "09:00", "to": "2026-10-25"},
            "deleted on 25 Oct 2026 from 09:00 on",
        ),
        (
            {"from": "2026-10-25", "to_time": "09:00", "to": "2026-10-25"},
            "deleted on 25 Oct 2026 until 09:00",
        ),
        (
            {"from": "2026-10-25", "from_time": "09:00", "to": "2026-10-26"},
            "deleted from 25 Oct 2026, 09:00 to 26 Oct 2026",
        ),
        ({"deleted_by": "8"}, "deleted by a user who has left"),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Santiago", "Pacific/Kiritimati"])
def test_the_filters_are_described_by_the_days_that_were_typed(
    zone: str, typed: dict[str, str], words: str
) -> None:
    meaning = read_filters(typed, zone=ZoneInfo(zone), now=NOW).meaning

    assert meaning is not None
    assert joined(describe_filters(meaning, dates=Dates(ZoneInfo(zone)), people={7: "Max"})) == words


def test_deletions_are_described_by_who_made_them_and_when() -> None:
    zone = ZoneInfo("Europe/Berlin")
    # 10 November 2026 is a Tuesday.
    at = datetime(2026, 11, 10, 10, 3, 20, tzinfo=UTC)
    made = {
        7: Deleted(1, "Max", at),
        8: Deleted(1, "Max", at + timedelta(minutes=6)),
        9: Deleted(2, "Ada", at - timedelta(days=6)),
        10: Deleted(1, "Max", at - timedelta(days=7)),
        11: Deleted(None, None, at),
    }

    def said(*numbers: int, now: datetime | None = NOW) -> str:
        meaning = Filters(deletion=numbers)
        return joined(describe_filters(meaning, dates=Dates(zone), people={}, deletions=made, now=now))

    assert said(7) == f"deleted by {isolated('Max')}, Tue 11:03"
    assert said(7, 8) == f"deleted by {isolated('Max')}, Tue 11:03 to 11:09"
    # A week ago the day had the same name.
    assert said(9) == f"deleted by {isolated('Ada')}, Wed 11:03"
    assert said(10) == f"deleted by {isolated('Max')}, 3 Nov 2026, 11:03"
    assert said(7, 10) == f"deleted by {isolated('Max')}, 3 Nov 2026, 11:03 to Tue 11:03"
    assert said(8, 9) == "deleted by 2 users, Wed 11:03 to Tue 11:09"
    assert said(11) == "deleted by a user who has left, Tue 11:03"
    assert said(7, 99) == said(7)
    assert said(98, 99) == "in 2 deletions that are not here"
    # What is read later names the day.
    assert said(7, 8, now=None) == f"deleted by {isolated('Max')}, 10 Nov 2026, 11:03 to 11:09"


def test_what_expires_soon_is_described_by_its_end_where_it_is_read_later() -> None:
    zone = ZoneInfo("Europe/Berlin")
    meaning = read_filters({"expires": "soon"}, zone=zone, now=NOW).meaning
    assert meaning is not None

    assert describe_filters(meaning, dates=Dates(zone), people={}, now=NOW) == ["expiring within 48 hours"]
    assert describe_filters(meaning, dates=Dates(zone), people={}) == ["expiring by 12 Nov 2026, 13:00"]


@pytest.mark.parametrize(
    ("days", "words"), [(0, "less than a day left"), (1, "1 day left"), (29, "29 days left")]
)
def test_the_days_that_are_left_are_whole_ones(days: int, words: str) -> None:
    assert days_left_words(days) == words


def test_a_day_without_a_midnight_keeps_its_name() -> None:
    zone = ZoneInfo("America/Santiago")
    typed = read_filters({"from": "2026-09-06", "to": "2026-09-06"}, zone=zone, now=NOW.replace(month=9))

    assert typed.meaning is not None
    assert describe_filters(typed.meaning, dates=Dates(zone), people={}) == ["deleted on 6 Sep 2026"]
    assert date(2026, 9, 6) == typed.meaning.since.astimezone(zone).date()  # type: ignore[union-attr]
    assert describe_filters(Filters(), dates=Dates(zone), people={}) == []


@pytest.mark.parametrize(
    ("name", "enclosed"),
    [
        ("Max", "by [Max]."),
        ("Max\u202e", "by [Max\u202e]."),
        ("a\u2069b\u2068c", "by [abc]."),
        ("\u2066\u2067\u2069", "by []."),
        ("", "by ."),
    ],
)
def test_a_name_in_a_sentence_is_enclosed_whatever_signs_it_holds(name: str, enclosed: str) -> None:
    assert enclose(f"by {isolated(name)}.", "[", "]") == enclosed


def test_signs_that_enclose_nothing_are_dropped() -> None:
    assert enclose("a\u2069b\u2068c", "[", "]") == "abc"
