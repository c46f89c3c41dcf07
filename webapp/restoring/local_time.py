"""Days and minutes of a time zone as moments in UTC.

A day ends when the next one begins, also when a clock change makes it shorter or longer. A minute that the
clock skips is the moment of the change; of one that it shows twice, a range begins with the first and ends
with the second.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_day(typed: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    """The day in the field `name`; None if it is empty, or unreadable, which `errors` then says."""
    if not typed[name]:
        return None
    try:
        if not DAY.fullmatch(typed[name]):
            raise ValueError
        return date.fromisoformat(typed[name])
    except ValueError:
        errors[name] = "Type a date as YYYY-MM-DD, for example 2026-11-24."
        return None


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which `day` begins in `zone`, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def start_of_minute(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first moment at which the clock shows `day` and `at`, or a later time where it skips them."""
    first, skipped = _moment(day, at, zone, fold=0)
    return _change_before(first, zone) if skipped else first


def end_of_minute(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment at which the minute `at` of `day` is over for the last time."""
    last, skipped = _moment(day, at, zone, fold=1)
    # The second reading of a skipped minute is before the change.
    return start_of_minute(day, at, zone) if skipped else last + MINUTE


def _moment(day: date, at: time, zone: ZoneInfo, *, fold: int) -> tuple[datetime, bool]:
    """The moment of this local time in UTC, and whether the clock skips it."""
    local = datetime.combine(day, at.replace(fold=fold), tzinfo=zone)
    moment = local.astimezone(UTC)
    return moment, moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None)


def _change_before(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment of the clock change in the day before `moment`, to the second."""

    def offset(seconds: int) -> timedelta | None:
        return (moment - seconds * SECOND).astimezone(zone).utcoffset()

    after, since = offset(0), 0
    before = 24 * 60 * 60
    while before - since > 1:
        middle = (before + since) // 2
        since, before = (middle, before) if offset(middle) == after else (since, middle)
    return moment - since * SECOND
