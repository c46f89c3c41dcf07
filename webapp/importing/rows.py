"""Reading a record of a file by the mapping of its columns: a row to import, or why it is rejected.

A reason is a code with parameters, without texts of the file; `webapp.words.imports` makes the sentence.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import String
from sqlalchemy.orm import InstrumentedAttribute

from webapp.characters import name_key, without_invisible
from webapp.contacts.address import NotAnAddress, read_address
from webapp.importing.cells import undefused
from webapp.importing.consent import refusal_in
from webapp.importing.csv_records import LONGEST_FIELD
from webapp.importing.fields import CONSENT, STATUSES, Field
from webapp.importing.names import NameFields, Split
from webapp.importing.records import StoredRecord
from webapp.marketing.consent import STRICTNESS
from webapp.models import Account, Contact, MailingList, Tag
from webapp.models.mailing_list import SubscriptionStatus

# The codes of rejected rows, beside those of records that could not be read.
SURPLUS = "surplus"
TOO_LONG = "too_long"
CONTROL_CHARACTER = "control_character"
NOT_AN_ADDRESS = "not_an_address"
NOTHING = "nothing"

# The characters of Unicode's category Cc.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _limit(column: InstrumentedAttribute[Any]) -> int:
    assert isinstance(column.type, String)
    assert column.type.length
    return column.type.length


LIMITS = {
    Field.EMAIL: _limit(Contact.email),
    Field.FIRST_NAME: _limit(Contact.first_name),
    Field.LAST_NAME: _limit(Contact.last_name),
    Field.PHONE: _limit(Contact.phone),
    Field.ACCOUNT: _limit(Account.name),
    Field.TAGS: _limit(Tag.name),
    **dict.fromkeys(STATUSES, _limit(MailingList.name)),
}
# The fields with one text each, which are columns of a contact.
_TEXTS = (Field.EMAIL, Field.FIRST_NAME, Field.LAST_NAME, Field.PHONE, Field.ACCOUNT)
# The strictest first: the status of a list that a row names in several columns is the first one's.
_LISTS = (Field.UNSUBSCRIBED, Field.BOUNCED, Field.UNCONFIRMED, Field.LISTS)
_SEVERAL = frozenset({Field.TAGS, *STATUSES, *CONSENT})

Identity = str | tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be imported; `line` is its first line in the file."""

    line: int
    email: str | None
    email_key: str | None
    first_name: str
    last_name: str
    phone: str
    account: str
    tags: tuple[str, ...]
    # Each list with what the file says of the contact's place on it.
    lists: tuple[tuple[str, SubscriptionStatus], ...]
    created_at: datetime | None = None
    # Of its fields, those that were split at commas.
    splits: tuple[Split, ...] = ()

    @property
    def identity(self) -> Identity:
        """What two rows for the same contact share: the address, or without one all other fields, the account
        by its key."""
        return self.email_key or (self.first_name, self.last_name, self.phone, name_key(self.account))


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is rejected: a code with its parameters."""

    line: int
    reason: Mapping[str, Any]


class Columns:
    """Which columns of a file with `width` columns are about which field, from the left."""

    def __init__(self, mapping: Mapping[str, str], width: int) -> None:
        self.width = width
        self.places: dict[Field, list[int]] = {}
        for place in sorted(map(int, mapping)):
            self.places.setdefault(Field(mapping[str(place)]), []).append(place)

    def cells(self, field: Field, cells: Sequence[str]) -> list[str]:
        """What the columns about the field have in this record, of those that have something."""
        found = []
        for at in self.places.get(field, ()):
            if at < len(cells) and cells[at] and (cell := _stripped(field, cells[at])):
                found.append(cell)
        return found

    def text(self, field: Field, cells: Sequence[str]) -> str:
        """The first one of them."""
        return next(iter(self.cells(field, cells)), "")


def read_row(columns: Columns, record: StoredRecord, name_fields: NameFields, zone: ZoneInfo) -> Row | BadRow:
    """The record as a row to import, or the first reason why it is rejected; never raises.

    Fields left out at the end are empty, and empty ones after the last column do not matter. A time without
    a time zone is one of `zone`.
    """
    line, cells = record.line, record.fields
    if record.fault is not None:
        unread = record.last_line - line
        return BadRow(line, {**record.fault, "unread": unread} if unread else record.fault)
    if reason := _surplus(columns, record):
        return BadRow(line, reason)
    found = {field: columns.cells(field, cells) for field in columns.places}
    texts = {field: next(iter(found.get(field, ())), "") for field in _TEXTS}
    if Field.FULL_NAME in found and not (texts[Field.FIRST_NAME] or texts[Field.LAST_NAME]):
        texts[Field.FIRST_NAME], texts[Field.LAST_NAME] = _two_names(next(iter(found[Field.FULL_NAME]), ""))
    names: dict[Field, list[str]] = {}
    splits: list[Split] = []
    for field in (Field.TAGS, *_LISTS):
        for cell in found.get(field, ()):
            if len(cell) > LONGEST_FIELD:
                return BadRow(line, {"code": TOO_LONG, "field": str(field), "limit": LONGEST_FIELD})
            kind = "Tags" if field is Field.TAGS else "Lists"
            read, split = name_fields.read(line, kind, cell)
            names.setdefault(field, []).extend(read)
            if split:
                splits.append(split)
    for field, limit in LIMITS.items():
        for value in names.get(field, ()) if field in _SEVERAL else (texts[field],):
            if value and (reason := _why_unfit(field, value, limit)):
                return BadRow(line, reason)
    try:
        address = read_address(texts[Field.EMAIL])
    except NotAnAddress:
        return BadRow(line, {"code": NOT_AN_ADDRESS})
    if address.key is None and not (texts[Field.FIRST_NAME] or texts[Field.LAST_NAME]):
        return BadRow(line, {"code": NOTHING})
    return Row(
        line=line,
        email=address.email,
        email_key=address.key,
        first_name=texts[Field.FIRST_NAME],
        last_name=texts[Field.LAST_NAME],
        phone=texts[Field.PHONE],
        account=texts[Field.ACCOUNT],
        tags=_once(names.get(Field.TAGS, ())),
        lists=_places_on_lists(names, found),
        created_at=read_moment(next(iter(found.get(Field.CREATED, ())), ""), zone),
        splits=tuple(splits),
    )


def read_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A date or a moment in the notation of ISO 8601; None if it is something else.

    A day is its beginning. Other notations are not guessed: 03/04/2026 is a day in March or in April.
    """
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _places_on_lists(
    names: Mapping[Field, Sequence[str]], found: Mapping[Field, Sequence[str]]
) -> tuple[tuple[str, SubscriptionStatus], ...]:
    """The lists of the row, each once. Where several columns name one, the strictest of them counts."""
    if not any(field in names for field in _LISTS):
        return ()
    refusals = [
        refusal for field in CONSENT for cell in found.get(field, ()) if (refusal := refusal_in(field, cell))
    ]
    at_best = max(refusals, key=STRICTNESS.__getitem__, default=SubscriptionStatus.SUBSCRIBED)
    places: dict[str, tuple[str, SubscriptionStatus]] = {}
    for field in _LISTS:
        status = STATUSES[field]
        if field is Field.LISTS and STRICTNESS[at_best] > STRICTNESS[status]:
            status = at_best
        for name in names.get(field, ()):
            has = places.setdefault(name_key(name), (name, status))
            if STRICTNESS[status] > STRICTNESS[has[1]]:
                places[name_key(name)] = (has[0], status)
    return tuple(places.values())


def _once(names: Sequence[str]) -> tuple[str, ...]:
    """The names; of those that look the same, the first."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name_key(name), name)
    return tuple(found.values())


def _two_names(name: str) -> tuple[str, str]:
    """The first and the last name: "Lee, Ann" names the last one first, and else it is the last word."""
    last, comma, first = name.partition(",")
    if comma:
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return (first.strip(), last) if first else (last, "")


def _surplus(columns: Columns, record: StoredRecord) -> dict[str, Any] | None:
    """Why the record is refused if there is something in a field after the last column."""
    if len(record.fields) <= columns.width:
        return None
    found = max((place for place, field in enumerate(record.fields, 1) if field.strip()), default=0)
    if found <= columns.width:
        return None
    reason: dict[str, Any] = {"code": SURPLUS, "found": found, "width": columns.width}
    if record.last_line > record.line:
        reason["last_line"] = record.last_line
    return reason


def _stripped(field: Field, text: str) -> str:
    """The field without spaces around it, and as it was before it was defused; empty if there is nothing to
    see in it."""
    text = undefused(text.strip()).strip()
    # What an address may contain is decided elsewhere.
    is_visible = text.isascii() or field is Field.EMAIL or without_invisible(text).strip()
    return text if is_visible else ""


def _why_unfit(field: Field, value: str, limit: int) -> dict[str, Any] | None:
    """Why the value does not fit its column; None if it does. PostgreSQL cannot store a NUL."""
    if CONTROL.search(value):
        return {"code": CONTROL_CHARACTER, "field": str(field)}
    if len(value) > limit:
        return {"code": TOO_LONG, "field": str(field), "limit": limit}
    return None
