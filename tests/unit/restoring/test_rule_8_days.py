"""Rule 8. Dates in filters are days of the workspace's zone, and times their minutes, both ends included,
turned into half-open UTC ranges; days with a clock change are right, and so are days without a midnight."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from tests.support.restoring import Restoring
from webapp.restoring.filters import read_filters
from webapp.restoring.local_time import end_of_minute, start_of_day, start_of_minute
from webapp.worker.redis_lock import RedisLock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
ZONES = sorted(available_timezones())

zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(2015, 1, 1), date(2037, 12, 31))


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("UTC", "2026-07-01", "2026-07-01T00:00", 24),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", 25),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00", 23),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00", 25),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
        # There is no midnight: the day begins at one o'clock.
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00", 23),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00", 23),
        # There are two midnights: the day begins with the first.
        ("Atlantic/Azores", "2026-10-25", "2026-10-25T00:00", 25),
        # The law changed in 2026: by older data this day has 25 hours.
        ("America/Havana", "2026-11-01", "2026-11-01T04:00", 24),
        ("Pacific/Kiritimati", "2026-07-01", "2026-06-30T10:00", 24),
    ],
)
def test_a_day_begins_at_midnight_and_is_as_long_as_the_clock_says(
    zone: str, day: str, begins: str, hours: float
) -> None:
    first = date.fromisoformat(day)
    start = start_of_day(first, ZoneInfo(zone))

    assert start == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert start_of_day(first + DAY, ZoneInfo(zone)) - start == hours * HOUR


@given(zone=zones, day=days)
def test_days_have_neither_gaps_nor_overlaps(zone: ZoneInfo, day: date) -> None:
    """Each day ends where the next begins; inside it the clock shows its date, just before it another
    date."""
    start, end = start_of_day(day, zone), start_of_day(day + DAY, zone)

    assert start < end
    assert start.astimezone(zone).date() == day
    assert (end - MICROSECOND).astimezone(zone).date() == day
    assert (start - MICROSECOND).astimezone(zone).date() < day


@given(zone=zones, seconds=st.integers(0, 23 * 366 * 86400))
def test_every_time_belongs_to_the_day_on_the_clock(zone: ZoneInfo, seconds: int) -> None:
    moment = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    day = moment.astimezone(zone).date()

    assert start_of_day(day, zone) <= moment < start_of_day(day + DAY, zone)


def test_a_day_that_a_zone_skipped_is_empty() -> None:
    """Samoa went from 29 to 31 December 2011."""
    apia = ZoneInfo("Pacific/Apia")

    assert start_of_day(date(2011, 12, 30), apia) == start_of_day(date(2011, 12, 31), apia)


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Europe/Berlin", "2026-10-25", "2026-10-25"),
        ("Europe/Berlin", "2026-03-28", "2026-03-29"),
        ("America/New_York", "2026-10-31", "2026-11-01"),
        ("America/Santiago", "2026-09-06", "2026-09-06"),
        ("Asia/Beirut", "2026-03-29", "2026-03-30"),
        ("Asia/Kathmandu", "2026-07-01", "2026-07-02"),
    ],
)
def test_both_ends_are_included_to_the_microsecond(
    zone: str, first: str, last: str, session: Session, lock: RedisLock
) -> None:
    world: World = new_world(session, timezone=zone)
    restoring = Restoring(session, world, lock)
    start = start_of_day(date.fromisoformat(first), ZoneInfo(zone))
    end = start_of_day(date.fromisoformat(last) + DAY, ZoneInfo(zone))
    moments = {
        "before": start - MICROSECOND,
        "at the start": start,
        "at the end": end - MICROSECOND,
        "after": end,
    }
    contacts = {when: new_contact(session, world, when) for when in moments}
    for when, moment in moments.items():
        delete(session, world, contacts[when], at=moment)

    restoring.restore_all(at=end + DAY, since=first, to=last)

    assert [when for when, contact in contacts.items() if restoring.is_live(contact)] == [
        "at the start",
        "at the end",
    ]


@given(zone=zones, first=days, length=st.integers(0, 40), now=st.integers(-3, 45))
def test_typed_days_become_a_half_open_range_that_the_window_may_cut(
    zone: ZoneInfo, first: date, length: int, now: int
) -> None:
    last = first + length * DAY
    moment = start_of_day(first, zone) + now * DAY
    typed = {"from": first.isoformat(), "to": last.isoformat()}

    meaning = read_filters(typed, zone=zone, now=moment).meaning

    assert meaning is not None
    assert meaning.before == start_of_day(last + DAY, zone)
    since = start_of_day(first, zone)
    assert meaning.since == (since if since >= moment - 30 * DAY else None)


@pytest.mark.parametrize(
    ("zone", "day", "at", "begins", "ends"),
    [
        ("UTC", "2026-11-24", "14:09", "2026-11-24T14:09", "2026-11-24T14:10"),
        ("Europe/Berlin", "2026-11-24", "23:59", "2026-11-24T22:59", "2026-11-24T23:00"),
        # The clock goes from two to three: a time between is the moment of the change.
        ("Europe/Berlin", "2026-03-29", "01:59", "2026-03-29T00:59", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29", "02:00", "2026-03-29T01:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29", "03:00", "2026-03-29T01:00", "2026-03-29T01:01"),
        # The clock shows two to three twice: from the first time, to the second.
        ("Europe/Berlin", "2026-10-25", "01:59", "2026-10-24T23:59", "2026-10-25T00:00"),
        ("Europe/Berlin", "2026-10-25", "02:00", "2026-10-25T00:00", "2026-10-25T01:01"),
        ("Europe/Berlin", "2026-10-25", "02:59", "2026-10-25T00:59", "2026-10-25T02:00"),
        ("Europe/Berlin", "2026-10-25", "03:00", "2026-10-25T02:00", "2026-10-25T02:01"),
        ("America/Santiago", "2026-09-06", "00:30", "2026-09-06T04:00", "2026-09-06T04:00"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30", "2026-10-03T15:30"),
        # A whole day that was skipped.
        ("Pacific/Apia", "2011-12-30", "12:00", "2011-12-30T10:00", "2011-12-30T10:00"),
    ],
)
def test_a_minute_is_what_the_clock_shows(zone: str, day: str, at: str, begins: str, ends: str) -> None:
    minute = date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone)

    assert start_of_minute(*minute) == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert end_of_minute(*minute) == datetime.fromisoformat(ends).replace(tzinfo=UTC)


minutes = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(zone=zones, day=days, first=minutes, last=minutes, seconds=st.integers(0, 2 * 86400))
def test_a_range_of_minutes_has_every_moment_at_which_the_clock_shows_one_of_them(
    zone: ZoneInfo, day: date, first: time, last: time, seconds: int
) -> None:
    """Before it the clock has never shown the first minute; after it, it never again shows the last."""
    start, end = start_of_minute(day, first, zone), end_of_minute(day, last, zone)
    moment = start_of_day(day, zone) - DAY / 2 + timedelta(seconds=seconds)
    shown = moment.astimezone(zone).replace(tzinfo=None)

    if moment < start:
        assert shown < datetime.combine(day, first)
    if moment >= end:
        assert shown >= datetime.combine(day, last) + timedelta(minutes=1)
    assert (start - MICROSECOND).astimezone(zone).replace(tzinfo=None) < datetime.combine(day, first)
    if first == time(0):
        assert start == start_of_day(day, zone)
    if last == time(23, 59):
        assert end == start_of_day(day + DAY, zone)


def test_a_range_of_times_matches_to_the_microsecond(session: Session, lock: RedisLock) -> None:
    world = new_world(session, timezone="Europe/Berlin")
    restoring = Restoring(session, world, lock)
    start, end = (datetime(2026, 11, 24, 13, minute, tzinfo=UTC) for minute in (3, 10))
    moments = [start - MICROSECOND, start, end - MICROSECOND, end]
    contacts = [new_contact(session, world) for _ in moments]
    for contact, at in zip(contacts, moments, strict=True):
        delete(session, world, contact, at=at)

    typed = {"since": "2026-11-24", "from_time": "14:03", "to": "2026-11-24", "to_time": "14:09"}
    restoring.restore_all(at=end + DAY, **typed)

    assert [restoring.is_live(contact) for contact in contacts] == [False, True, True, False]
