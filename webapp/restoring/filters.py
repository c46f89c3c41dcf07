"""Reading the filter line: exact UTC ranges, or sentences about errors.

Dates are days in the workspace's time zone, both ends included (docs/rules.md, rule 8). A day ends when
the next one begins, also when a clock change makes it shorter or longer.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from webapp.contacts.folding import FOLDING, words
from webapp.contacts.matching import LITERAL, text_matches
from webapp.models import WINDOW
from webapp.numbers import whole_number

LONGEST_SEARCH = 254
CUT = "Contacts can be restored for 30 days. Earlier days are left out."
# Stands in for a search whose words are kept apart, or erased. A character that is in no text.
ERASED = "\uffff"
# Python alone would also accept a week date, 2026-W48-2.
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Filters:
    """Which deleted contacts are meant. All times are UTC; `before` is not included."""

    q: str = ""
    since: datetime | None = None
    before: datetime | None = None
    deleted_by: int | None = None
    deletion: int | None = None
    # The folding by which `q` is understood, or `matching.LITERAL`.
    folding: int = field(default=FOLDING, compare=False)

    @property
    def any(self) -> bool:
        return self != Filters()

    @property
    def is_forgotten(self) -> bool:
        """Whether there was a search whose words are no longer kept; it finds nothing."""
        return self.q == ERASED and self.folding == LITERAL

    @property
    def has_text(self) -> ColumnElement[bool] | None:
        """The condition on a row of `ContactSearch`; None without a search text."""
        return text_matches(self.q, self.folding) if self.q else None


@dataclass(frozen=True)
class TypedFilters:
    """The filter line as typed, to show it again, and its meaning if it is readable."""

    q: str = ""
    from_text: str = ""
    to_text: str = ""
    deleted_by: str = ""
    deletion: str = ""
    meaning: Filters | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return self.meaning is not None

    @property
    def any(self) -> bool:
        return any((self.q, self.from_text, self.to_text, self.deleted_by, self.deletion))


def why_unsearchable(text: str) -> str | None:
    """Why `text` cannot be searched for, as a sentence; None if it can."""
    if len(text) > LONGEST_SEARCH:
        return f"Search for at most {LONGEST_SEARCH} characters."
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        return "This search contains a character that no name or e-mail address has. Type it again."
    if text and not words(text):
        return "This search has no letter, digit or sign to look for. Type part of a name or e-mail address."
    return None


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which `day` begins in `zone`, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def read_filters(typed: Mapping[str, str], *, zone: ZoneInfo, now: datetime) -> TypedFilters:
    """Read `q`, `from`, `to`, `deleted_by` and `deletion`; never raises.

    An unreadable field gets an error and leaves `meaning` None, so that "all" never includes more than the
    admin expects (rule 7).
    """
    errors: dict[str, str] = {}
    notes: list[str] = []
    text = {
        name: typed.get(name, "").strip()[:10_000] for name in ("q", "from", "to", "deleted_by", "deletion")
    }

    if problem := why_unsearchable(text["q"]):
        errors["q"] = problem
    first, last = _day(text, "from", errors), _day(text, "to", errors)
    if first and last and first > last:
        errors["to"] = "“Deleted to” is before “Deleted from”. Swap them or change one."

    since = before = None
    if not errors:
        try:
            since = start_of_day(first, zone) if first else None
            before = start_of_day(last + timedelta(days=1), zone) if last else None
        except OverflowError:
            errors["to" if last else "from"] = "That date is beyond the calendar."
    if since and since < now - WINDOW:
        # The range is cut to the window, and the page says so. A range that begins with the window's first
        # day, which is partly in the window, gets no note.
        if first and first < (now - WINDOW).astimezone(zone).date():
            notes.append(CUT)
        since = None
    elif before and before <= now - WINDOW:
        notes.append(CUT)

    by, number = _number(text, "deleted_by", errors), _number(text, "deletion", errors)
    meaning = None
    if not errors:
        q = " ".join(text["q"].split())
        meaning = Filters(q=q, since=since, before=before, deleted_by=by, deletion=number)
    return TypedFilters(
        q=text["q"],
        from_text=text["from"],
        to_text=text["to"],
        deleted_by=text["deleted_by"],
        deletion=text["deletion"],
        meaning=meaning,
        errors=errors,
        notes=tuple(notes),
    )


def _day(text: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    if not text[name]:
        return None
    try:
        if not DAY.fullmatch(text[name]):
            raise ValueError
        return date.fromisoformat(text[name])
    except ValueError:
        errors[name] = "Type a date as YYYY-MM-DD, for example 2026-11-24."
        return None


def _number(text: Mapping[str, str], name: str, errors: dict[str, str]) -> int | None:
    if not text[name]:
        return None
    number = whole_number(text[name], least=0)
    if number is None:
        errors[name] = (
            "Choose a person from the list." if name == "deleted_by" else "That is not a deletion’s number."
        )
    return number
