"""Moments and spans of time in words."""

from datetime import datetime, timedelta

from webapp.words.dates import Dates
from webapp.words.numbers import counted

# From this number of whole days on, the time that is left is a warning.
ENDS_SOON_DAYS = 3
# A weekday names one of these days; the day a week ago has the name of today.
NAMED_BY_WEEKDAY = timedelta(days=6)


def moment_words(moment: datetime, *, dates: Dates, now: datetime | None = None) -> str:
    """ "Tue 14:03" for one of the last days before `now`, else "24 Nov 2026, 14:03". Without `now` always the
    date, for words that are read later."""
    local = dates.local(moment)
    return f"{_day(local, dates, now)}{dates.time(local)}"


def span_words(first: datetime, last: datetime, *, dates: Dates, now: datetime | None = None) -> str:
    """ "Tue 14:03 to 14:09"; of one minute, "Tue 14:03"."""
    begin, end = dates.local(first), dates.local(last)
    words = moment_words(first, dates=dates, now=now)
    if begin.date() != end.date():
        return f"{words} to {moment_words(last, dates=dates, now=now)}"
    return words if dates.time(begin) == dates.time(end) else f"{words} to {dates.time(end)}"


def _day(local: datetime, dates: Dates, now: datetime | None) -> str:
    """The day of a local time, as it stands before the time."""
    if now is not None and local.date() >= (now.astimezone(local.tzinfo) - NAMED_BY_WEEKDAY).date():
        return f"{dates.weekday(local)} "
    return f"{dates.day(local)}, "


def days_left_words(days: int) -> str:
    """How long contacts can be restored, in whole days."""
    return f"{counted(days, 'day')} left" if days else "less than a day left"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago `moment` was, in its largest whole unit."""
    if moment is None:
        return ""
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{counted(seconds // size, unit)} ago"
    return "just now"
