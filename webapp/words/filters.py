"""The filters of the deleted contacts as phrases."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.restoring.filters import Filters
from webapp.words.isolation import isolated


def describe_filters(filters: Filters, *, zone: ZoneInfo, people: Mapping[int, str]) -> list[str]:
    """The filters that are set, each as a phrase that follows "contacts", such as "deleted by Ann Lee".

    `people` names users by id; dates are days in `zone`.
    """

    def day(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%-d %b %Y}"

    phrases = []
    if filters.is_forgotten:
        phrases.append("matching a search that is no longer kept")
    elif filters.q:
        phrases.append(f"matching “{isolated(filters.q)}”")
    first = day(filters.since) if filters.since else None
    last = day(filters.before - timedelta(microseconds=1)) if filters.before else None
    if first and last:
        phrases.append(f"deleted on {first}" if first == last else f"deleted from {first} to {last}")
    elif first:
        phrases.append(f"deleted on or after {first}")
    elif last:
        phrases.append(f"deleted on or before {last}")
    if filters.deleted_by is not None:
        name = people.get(filters.deleted_by)
        phrases.append(f"deleted by {isolated(name) if name else 'a user who has left'}")
    if filters.deletion is not None:
        phrases.append(f"of deletion #{filters.deletion}")
    return phrases
