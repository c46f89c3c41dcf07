"""The filters of the deleted contacts as phrases."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.models import restorable_until
from webapp.restoring.filters import Filters
from webapp.restoring.local_time import start_of_day
from webapp.restoring.named import Deleted
from webapp.words.isolation import isolated
from webapp.words.moments import span_words
from webapp.words.numbers import counted

# Each way of deleting: a choice of the filter, and a phrase.
WAYS = {
    "page": ("On a page", "on a page"),
    "import": ("By an import", "by an import"),
    "command": ("By a command", "by a command"),
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
    zone: ZoneInfo,
    people: Mapping[int, str],
    deletions: Mapping[int, Deleted] | None = None,
    now: datetime | None = None,
) -> list[str]:
    """The filters that are set, each as a phrase that follows "contacts", such as "deleted by Ann Lee".

    `people` names users by id, `deletions` the deletions by number; dates are days in `zone`. Words that are
    read at once have `now`, and name the last days by their weekday.
    """
    phrases = []
    if filters.is_forgotten:
        phrases.append("matching a search that is no longer kept")
    elif filters.q:
        phrases.append(f"matching “{isolated(filters.q)}”")
    if filters.since or filters.before:
        phrases.append(f"deleted {_range(filters.since, filters.before, zone)}")
    if filters.deleted_by is not None:
        phrases.append(f"deleted by {_name(people.get(filters.deleted_by))}")
    if filters.how:
        phrases.append(f"deleted {way_words(filters.how)}")
    if filters.deletion:
        known = deletions or {}
        found = [known[number] for number in filters.deletion if number in known]
        phrases.append(_deletions(found, len(filters.deletion), zone, now))
    if filters.skipped_by is not None:
        phrases.append("skipped by an earlier restore")
    if filters.expires:
        if now is not None:
            phrases.append("expiring within 48 hours")
        else:
            end = restorable_until(filters.expires).astimezone(zone)
            phrases.append(f"expiring by {end:%-d %b %Y, %H:%M}")
    return phrases


def _name(name: str | None) -> str:
    return isolated(name) if name else A_FORMER_USER


def _range(since: datetime | None, before: datetime | None, zone: ZoneInfo) -> str:
    """The days, and the times where a range does not begin or end with a day."""
    begin = since.astimezone(zone) if since else None
    end = (before - timedelta(microseconds=1)).astimezone(zone) if before else None
    first = f"{begin:%-d %b %Y}" if begin else ""
    last = f"{end:%-d %b %Y}" if end else ""
    from_time = f"{begin:%H:%M}" if begin and since != start_of_day(begin.date(), zone) else ""
    whole = end and before == start_of_day(end.date() + timedelta(days=1), zone)
    to_time = f"{end:%H:%M}" if end and not whole else ""
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


def _deletions(found: list[Deleted], wanted: int, zone: ZoneInfo, now: datetime | None) -> str:
    """Deletions by who made them and when; those that are not known by their number only."""
    if not found:
        return f"in {counted(wanted, 'deletion')} that {'is' if wanted == 1 else 'are'} not here"
    moments = [deleted.at for deleted in found]
    span = span_words(min(moments), max(moments), zone=zone, now=now)
    if len({deleted.user_id for deleted in found}) == 1:
        return f"deleted by {_name(found[0].user)}, {span}"
    people = counted(len({deleted.user_id for deleted in found}), "user")
    return f"deleted by {people}, {span}"
