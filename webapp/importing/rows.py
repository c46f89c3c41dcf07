"""Reading a record of a file by the mapping of its columns: a row to import, or why it is rejected.

A reason is a code with parameters, without texts of the file; `webapp.words.imports` makes the sentence.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import String
from sqlalchemy.orm import InstrumentedAttribute

from webapp.characters import name_key, without_invisible
from webapp.contacts.address import NotAnAddress, read_address
from webapp.importing.cells import SIGN, undefused
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
# Rows name the same few lists and tags.
_REMEMBERED = 256


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
        self._several = [field for field in (Field.TAGS, *_LISTS) if field in self.places]
        self._consent = [field for field in CONSENT if field in self.places]

    def cells(self, field: Field, cells: Sequence[str]) -> list[str]:
        """What the columns about the field have in this record, of those that have something."""
        found = []
        for at in self.places.get(field, ()):
            if at < len(cells) and cells[at] and (cell := _stripped(field, cells[at])):
                found.append(cell)
        return found

    def text(self, field: Field, cells: Sequence[str]) -> str:
        """The first one of them."""
        for at in self.places.get(field, ()):
            if at < len(cells) and cells[at] and (cell := _stripped(field, cells[at])):
                return cell
        return ""

    def several(self, cells: Sequence[str]) -> list[tuple[Field, str]]:
        """The cells with several names, each with its field: tags, then lists, the strictest first."""
        return [(field, cell) for field in self._several for cell in self.cells(field, cells)]

    def at_best(self, cells: Sequence[str]) -> SubscriptionStatus:
        """The status that the lists of the row have at best, by the columns about consent."""
        best = SubscriptionStatus.SUBSCRIBED
        for field in self._consent:
            for cell in self.cells(field, cells):
                refusal = refusal_in(field, cell)
                if refusal is not None and STRICTNESS[refusal] > STRICTNESS[best]:
                    best = refusal
        return best


def read_row(
    columns: Columns, record: StoredRecord, name_fields: NameFields, zone: ZoneInfo, put_on: str | None = None
) -> Row | BadRow:
    """The record as a row to import, or the first reason why it is rejected; never raises.

    `put_on` is the name of a list that the row names as well, in a column of subscribers. Fields left out at
    the end are empty, and empty ones after the last column do not matter. A time without a time zone is one
    of `zone`.
    """
    line, cells = record.line, record.fields
    if record.fault is not None:
        unread = record.last_line - line
        return BadRow(line, {**record.fault, "unread": unread} if unread else record.fault)
    if reason := _surplus(columns, record):
        return BadRow(line, reason)
    email, phone = columns.text(Field.EMAIL, cells), columns.text(Field.PHONE, cells)
    first_name, last_name = columns.text(Field.FIRST_NAME, cells), columns.text(Field.LAST_NAME, cells)
    account = columns.text(Field.ACCOUNT, cells)
    if Field.FULL_NAME in columns.places and not (first_name or last_name):
        first_name, last_name = _two_names(columns.text(Field.FULL_NAME, cells))
    names: list[tuple[Field, str]] = []
    splits: list[Split] = []
    for field, cell in columns.several(cells):
        if len(cell) > LONGEST_FIELD:
            return BadRow(line, {"code": TOO_LONG, "field": str(field), "limit": LONGEST_FIELD})
        read, split = name_fields.read(line, "Tags" if field is Field.TAGS else "Lists", cell)
        names += [(field, name) for name in read]
        if split:
            splits.append(split)
    texts = (email, first_name, last_name, phone, account)
    for field, value in (*zip(_TEXTS, texts, strict=True), *names):
        if value and (reason := _why_unfit(field, value)):
            return BadRow(line, reason)
    try:
        address = read_address(email)
    except NotAnAddress:
        return BadRow(line, {"code": NOT_AN_ADDRESS})
    if address.key is None and not (first_name or last_name):
        return BadRow(line, {"code": NOTHING})
    if put_on is not None:
        names.append((Field.LISTS, put_on))
    tags, lists = _by_key(tuple(names), columns.at_best(cells))
    return Row(
        line=line,
        email=address.email,
        email_key=address.key,
        first_name=first_name,
        last_name=last_name,
        phone=phone,
        account=account,
        tags=tags,
        lists=lists,
        created_at=read_moment(columns.text(Field.CREATED, cells), zone),
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


@lru_cache(_REMEMBERED)
def _by_key(
    names: tuple[tuple[Field, str], ...], at_best: SubscriptionStatus
) -> tuple[tuple[str, ...], tuple[tuple[str, SubscriptionStatus], ...]]:
    """The tags and the lists of the row, of those that look the same the first. Where several columns name a
    list, the strictest of them counts; subscribers have the status `at_best` at best."""
    tags: dict[str, str] = {}
    places: dict[str, tuple[str, SubscriptionStatus]] = {}
    for field, name in names:
        key = name_key(name)
        if field is Field.TAGS:
            tags.setdefault(key, name)
            continue
        status = STATUSES[field]
        if field is Field.LISTS and STRICTNESS[at_best] > STRICTNESS[status]:
            status = at_best
        has = places.setdefault(key, (name, status))
        if STRICTNESS[status] > STRICTNESS[has[1]]:
            places[key] = (has[0], status)
    return tuple(tags.values()), tuple(places.values())


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
    text = text.strip()
    if text.startswith(SIGN):
        text = undefused(text).strip()
    # What an address may contain is decided elsewhere.
    if text.isascii() or field is Field.EMAIL or without_invisible(text).strip():
        return text
    return ""


def _why_unfit(field: Field, value: str) -> dict[str, Any] | None:
    """Why the value does not fit its column; None if it does. PostgreSQL cannot store a NUL."""
    if not value.isprintable() and CONTROL.search(value):
        return {"code": CONTROL_CHARACTER, "field": str(field)}
    if len(value) > LIMITS[field]:
        return {"code": TOO_LONG, "field": str(field), "limit": LIMITS[field]}
    return None
