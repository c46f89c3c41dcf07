"""The filters of the deleted contacts as phrases."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from webapp.models import restorable_until
from webapp.restoring.filters import Filters
from webapp.restoring.local_time import start_of_day
from webapp.restoring.named import Deleted
from webapp.words.dates import Dates
from webapp.words.isolation import isolated
from webapp.words.moments import span_words
from webapp.words.numbers import counted

# Each way of deleting: a choice of the filter, and a phrase.
WAYS = {
    "page": ("On a page", "on a page"),
    "import": ("By an import", "by an import"),
    "command": ("By a command", "by a command"),
    "undone_import": ("By undoing an import", "by undoing an import"),
}
A_FORMER_USER = "a user who has left"


def way_label(way: str) -> str:
    """The way of a deletion as a choice; one that has no words is its own name."""
    return WAYS[way][0] if way in WAYS else way


def way_words(way: str) -> str:
    """The way of a deletion as a phrase that follows "deleted"."""
    return WAYS[way][1] if way in WAYS else f"by “{isolated(way)}”"


def describe_filters(
    filters: Filters,
    *,
    dates: Dates,
    people: Mapping[int, str],
    deletions: Mapping[int, Deleted] | None = None,
    now: datetime | None = None,
) -> list[str]:
    """The filters that are set, each as a phrase that follows "contacts", such as "deleted by Ann Lee".

    `people` names users by id, `deletions` the deletions by number. Words that are read at once have `now`,
    and name the last days by their weekday.
    """
    phrases = []
    if filters.is_forgotten:
        phrases.append("matching a search that is no longer kept")
    elif filters.q:
        phrases.append(f"matching “{isolated(filters.q)}”")
    if filters.since or filters.before:
        phrases.append(f"deleted {_range(filters.since, filters.before, dates)}")
    if filters.deleted_by is not None:
        phrases.append(f"deleted by {_name(people.get(filters.deleted_by))}")
    if filters.how:
        phrases.append(f"deleted {way_words(filters.how)}")
    if filters.deletion:
        known = deletions or {}
        found = [known[number] for number in filters.deletion if number in known]
        phrases.append(_deletions(found, len(filters.deletion), dates, now))
    if filters.skipped_by is not None:
        phrases.append("skipped by an earlier restore")
    if filters.expires:
        if now is not None:
            phrases.append("expiring within 48 hours")
        else:
            phrases.append(f"expiring by {dates.exact(restorable_until(filters.expires))}")
    return phrases


def _name(name: str | None) -> str:
    return isolated(name) if name else A_FORMER_USER


def _range(since: datetime | None, before: datetime | None, dates: Dates) -> str:
    """The days, and the times where a range does not begin or end with a day."""
    begin = dates.local(since) if since else None
    end = dates.local(before - timedelta(microseconds=1)) if before else None
    first = dates.day(begin) if begin else ""
    last = dates.day(end) if end else ""
    from_time = dates.time(begin) if begin and since != start_of_day(begin.date(), dates.zone) else ""
    whole = end and before == start_of_day(end.date() + timedelta(days=1), dates.zone)
    to_time = dates.time(end) if end and not whole else ""
    if first and first == last:
        times = {
            (True, True): f", {from_time} to {to_time}",
            (True, False): f" from {from_time} on",
            (False, True): f" until {to_time}",
            (False, False): "",
        }
        return f"on {first}{times[bool(from_time), bool(to_time)]}"
    first, last = (", ".join(filter(None, words)) for words in ((first, from_time), (last, to_time)))
    if first and last:
        return f"from {first} to {last}"
    return f"on or after {first}" if first else f"on or before {last}"


def _deletions(found: list[Deleted], wanted: int, dates: Dates, now: datetime | None) -> str:
    """Deletions by who made them and when; those that are not known by their number only."""
    if not found:
        return f"in {counted(wanted, 'deletion')} that {'is' if wanted == 1 else 'are'} not here"
    moments = [deleted.at for deleted in found]
    span = span_words(min(moments), max(moments), dates=dates, now=now)
    if len({deleted.user_id for deleted in found}) == 1:
        return f"deleted by {_name(found[0].user)}, {span}"
    people = counted(len({deleted.user_id for deleted in found}), "user")
    return f"deleted by {people}, {span}"
