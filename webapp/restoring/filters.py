"""Reading the filter line: exact UTC ranges, or sentences about errors.

Dates are days in the workspace's time zone, and times minutes of them, both ends included (docs/rules.md,
rule 8).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from webapp.contacts.matching import LITERAL, text_matches
from webapp.folding import FOLDING, words
from webapp.models import WINDOW
from webapp.numbers import whole_number
from webapp.restoring.local_time import end_of_minute, read_day, start_of_day, start_of_minute
from webapp.restoring.numbers import MOST, TooMany, read_numbers

LONGEST_SEARCH = 254
CUT = "Contacts can be restored for 30 days. Earlier days are left out."
# Stands in for a search whose words are kept apart, or erased. A character that is in no text.
ERASED = "\uffff"
# Python alone would also accept a week date, 2026-W48-2.
TIME = re.compile("[0-9]{2}:[0-9]{2}")
WAY = re.compile("[a-z0-9_.-]{1,40}")
FIELDS = ("q", "from", "from_time", "to", "to_time", "deleted_by", "how", "deletion", "expires")
# The filter `expires`: contacts that can be restored for this long, and no longer.
SOON, SOON_IS = "soon", timedelta(hours=48)


@dataclass(frozen=True)
class Filters:
    """Which deleted contacts are meant. All times are UTC; `before` and `expires` are not included."""

    q: str = ""
    since: datetime | None = None
    before: datetime | None = None
    deleted_by: int | None = None
    # The way of the deletion (`webapp.restoring.ways`).
    how: str = ""
    # The numbers of the deletions, sorted; none for all.
    deletion: tuple[int, ...] = ()
    # What was deleted before this moment could be restored for 48 hours at most when the filter was set.
    expires: datetime | None = None
    # The restore job that has skipped the contact, because another one has its address.
    skipped_by: int | None = None
    # The folding by which `q` is understood, or `matching.LITERAL`.
    folding: int = field(default=FOLDING, compare=False)

    @property
    def any(self) -> bool:
        return self != Filters()

    @property
    def until(self) -> datetime | None:
        """The end of the range of time, not included."""
        return min((end for end in (self.before, self.expires) if end), default=None)

    @property
    def is_selective(self) -> bool:
        """Whether it picks single contacts, however they were deleted."""
        return bool(self.q) or self.skipped_by is not None

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

    # What each of FIELDS holds, without the empty ones.
    texts: Mapping[str, str] = field(default_factory=dict)
    meaning: Filters | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return self.meaning is not None

    @property
    def any(self) -> bool:
        return bool(self.texts)

    def text(self, name: str) -> str:
        """What the field `name` holds."""
        return self.texts.get(name, "")

    @property
    def any_more(self) -> bool:
        """Whether one of the fields is set, or wrong, that few people need."""
        return any(name in self.texts for name in ("from_time", "to_time", "how", "expires"))


def why_unsearchable(text: str) -> str | None:
    """Why `text` cannot be searched for, as a sentence; None if it can."""
    if len(text) > LONGEST_SEARCH:
        return f"Search for at most {LONGEST_SEARCH} characters."
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        return "This search contains a character that no name or e-mail address has. Type it again."
    if text and not words(text):
        return "This search has no letter, digit or sign to look for. Type part of a name or e-mail address."
    return None


def read_filters(typed: Mapping[str, str], *, zone: ZoneInfo, now: datetime) -> TypedFilters:
    """Read the fields FIELDS; never raises.

    An unreadable field gets an error and leaves `meaning` None, so that "all" never includes more than the
    admin expects (rule 7).
    """
    errors: dict[str, str] = {}
    notes: list[str] = []
    text = {name: typed.get(name, "").strip()[:10_000] for name in FIELDS}

    if problem := why_unsearchable(text["q"]):
        errors["q"] = problem
    since, before = _range(text, zone, errors)
    if since and since < now - WINDOW:
        # The range is cut to the window, and the page says so. A range that begins with the window's first
        # day, which is partly in the window, gets no note.
        if since.astimezone(zone).date() < (now - WINDOW).astimezone(zone).date():
            notes.append(CUT)
        since = None
    elif before and before <= now - WINDOW:
        notes.append(CUT)

    by, numbers = _person(text, errors), _numbers(text, errors)
    if text["how"] and not WAY.fullmatch(text["how"]):
        errors["how"] = "Choose a way from the list."
    if text["expires"] not in ("", SOON):
        errors["expires"] = "Choose from the list."
    meaning = None
    if not errors:
        meaning = Filters(
            q=" ".join(text["q"].split()),
            since=since,
            before=before,
            deleted_by=by,
            how=text["how"],
            deletion=numbers,
            expires=now - WINDOW + SOON_IS if text["expires"] else None,
        )
    texts = {name: value for name, value in text.items() if value}
    return TypedFilters(texts, meaning=meaning, errors=errors, notes=tuple(notes))


def _range(
    text: Mapping[str, str], zone: ZoneInfo, errors: dict[str, str]
) -> tuple[datetime | None, datetime | None]:
    """The range of time that the days and times mean: its beginning, and its end, which is not included."""
    first, last = read_day(text, "from", errors), read_day(text, "to", errors)
    first_time, last_time = _time(text, "from", errors), _time(text, "to", errors)
    if first_time and last and not text["from"]:
        first = last
    elif last_time and first and not text["to"]:
        last = first
    if first and last and first > last:
        errors["to"] = "“Deleted to” is before “Deleted from”. Swap them or change one."
    elif first and first == last and first_time and last_time and first_time > last_time:
        errors["to_time"] = "“To time” is before “From time”. Swap them or change one."
    since = before = None
    if not errors:
        try:
            if first:
                since = start_of_minute(first, first_time, zone) if first_time else start_of_day(first, zone)
            if last:
                before = (
                    end_of_minute(last, last_time, zone)
                    if last_time
                    else start_of_day(last + timedelta(days=1), zone)
                )
        except OverflowError:
            errors["to" if last else "from"] = "That date is beyond the calendar."
    return since, before


def _time(text: Mapping[str, str], day: str, errors: dict[str, str]) -> time | None:
    """The time beside the field `day`. Without a day there it is one of the other day, if that is given."""
    name = f"{day}_time"
    if not text[name]:
        return None
    try:
        if not TIME.fullmatch(text[name]):
            raise ValueError
        at = time.fromisoformat(text[name])
    except ValueError:
        errors[name] = "Type a time as HH:MM, for example 14:03."
        return None
    if not (text["from"] or text["to"]):
        errors[name] = f"Choose the day too, in “Deleted {day}”."
    return at


def _person(text: Mapping[str, str], errors: dict[str, str]) -> int | None:
    if not text["deleted_by"]:
        return None
    number = whole_number(text["deleted_by"], least=0)
    if number is None:
        errors["deleted_by"] = "Choose a person from the list."
    return number


def _numbers(text: Mapping[str, str], errors: dict[str, str]) -> tuple[int, ...]:
    if not text["deletion"]:
        return ()
    try:
        return read_numbers(text["deletion"])
    except TooMany:
        errors["deletion"] = f"An address can name at most {MOST} deletions."
    except ValueError:
        errors["deletion"] = "That is not a deletion’s number."
    return ()
