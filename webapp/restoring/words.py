"""A restore in sentences: what was meant, how far it is, why a contact stayed."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from webapp.restoring.filters import Filters
from webapp.restoring.plan import CRASHED, EMAIL_TAKEN, NO_LONGER_ELIGIBLE, REFUSED, TWIN

REASONS = {
    EMAIL_TAKEN: "E-mail address used by another contact",
    TWIN: "Same e-mail address as a contact deleted later",
    NO_LONGER_ELIGIBLE: "No longer in the bin",
    REFUSED: "Could not be written",
    CRASHED: "Ended the restore each time it was tried",
}


def counted(number: int, noun: str) -> str:
    """ "1 contact", "4,812 contacts"; of a multi-word noun the last word takes the plural."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def describe(filters: Filters, *, zone: ZoneInfo, people: Mapping[int, str]) -> list[str]:
    """The filters in force, each as a phrase that follows "contacts", like "deleted by Ann Lee"."""
    phrases = []
    if filters.q:
        phrases.append(f"matching “{filters.q}”")
    first = f"{filters.since.astimezone(zone):%-d %b %Y}" if filters.since else None
    last = None
    if filters.before:
        last = f"{(filters.before - timedelta(microseconds=1)).astimezone(zone):%-d %b %Y}"
    if first and last:
        phrases.append(f"deleted on {first}" if first == last else f"deleted from {first} to {last}")
    elif first:
        phrases.append(f"deleted on or after {first}")
    elif last:
        phrases.append(f"deleted on or before {last}")
    if filters.deleted_by is not None:
        phrases.append(f"deleted by {people.get(filters.deleted_by, 'somebody who has left')}")
    if filters.deletion is not None:
        phrases.append(f"of deletion #{filters.deletion}")
    return phrases


def joined(phrases: Sequence[str]) -> str:
    """Phrases as one enumeration: "a", "a and b", "a, b and c"."""
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def remaining(seconds: float) -> str:
    """A calm estimate: rounded so that it does not jitter."""
    if seconds < 60:
        return f"about {counted(max(5, round(seconds / 5) * 5), 'second')} left"
    return f"about {counted(round(seconds / 60), 'minute')} left"
