"""Reading a row of an import file: a contact to add, or the reason why the row is rejected.

The header is `Email, First Name, Last Name, Phone, Account, Tags, Lists`, in any order; Email is required.
"""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import InstrumentedAttribute

from webapp.characters import name_key, without_invisible
from webapp.contacts.address import NotAnAddress, read_address
from webapp.importing.csv_lines import UnreadableFile
from webapp.importing.csv_records import LONGEST_FIELD, Record
from webapp.importing.names import NameFields, Split
from webapp.models import Account, Contact, MailingList, Tag

EMAIL = "Email"

# The characters of Unicode's category Cc.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _limit(column: InstrumentedAttribute[Any]) -> int:
    assert isinstance(column.type, String)
    assert column.type.length
    return column.type.length


LIMITS = {
    EMAIL: _limit(Contact.email),
    "First Name": _limit(Contact.first_name),
    "Last Name": _limit(Contact.last_name),
    "Phone": _limit(Contact.phone),
    "Account": _limit(Account.name),
    "Tags": _limit(Tag.name),
    "Lists": _limit(MailingList.name),
}
_COLUMNS = {name.lower(): name for name in LIMITS}


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
    lists: tuple[str, ...]
    # Of its fields, those that were split at commas.
    splits: tuple[Split, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def identity(self) -> Identity:
        """What two rows for the same contact share: the address, or without one all other fields, the account
        by its key."""
        return self.email_key or (self.first_name, self.last_name, self.phone, name_key(self.account))


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is skipped, and why."""

    line: int
    reason: str
    # How many lines after it are not read because of it.
    unread: int = 0


@dataclass(frozen=True)
class Header:
    """The position of each known column; `unknown` are the names of the others, as written."""

    width: int
    places: dict[str, int]
    unknown: tuple[str, ...]


def read_header(record: Record) -> Header:
    """The header; raises UnreadableFile if it cannot be read, has no Email or repeats a column."""
    if record.fault:
        raise UnreadableFile(f"Its header (line {record.line}) cannot be read: {record.fault}.")
    places: dict[str, int] = {}
    unknown = []
    for place, written in enumerate(record.fields):
        name = _COLUMNS.get(" ".join(written.split()).lower())
        if name is None:
            unknown.append(written.strip())
        elif name in places:
            raise UnreadableFile(f"Its header has the column “{name}” twice.")
        else:
            places[name] = place
    if EMAIL not in places:
        raise UnreadableFile(
            f"Its header (line {record.line}) has no column “{EMAIL}”. The columns are "
            f"{', '.join(LIMITS)}, separated by commas, or by what a first line such as “sep=;” names."
        )
    return Header(len(record.fields), places, tuple(unknown))


def read_row(header: Header, record: Record, name_fields: NameFields) -> Row | BadRow:
    """The record as a row to import, or the first reason why it is rejected; never raises.

    Fields left out at the end are empty, and empty ones after the last column do not matter.
    """
    if record.fault:
        return BadRow(record.line, record.fault, unread=record.last_line - record.line)
    if reason := _surplus(header, record):
        return BadRow(record.line, reason)
    text = dict.fromkeys(LIMITS, "")
    for name, place in header.places.items():
        if place < len(record.fields):
            text[name] = _stripped(name, record.fields[place])
    for name in NameFields.KINDS:
        if len(text[name]) > LONGEST_FIELD:
            return BadRow(record.line, f"“{name}” is longer than {LONGEST_FIELD:,} characters")
    tags, split_tags = name_fields.read(record.line, "Tags", text["Tags"])
    lists, split_lists = name_fields.read(record.line, "Lists", text["Lists"])
    for name, limit in LIMITS.items():
        values = {"Tags": tags, "Lists": lists}.get(name, (text[name],))
        if reason := next(filter(None, (_why_unfit(name, value, limit) for value in values)), None):
            return BadRow(record.line, reason)
    try:
        address = read_address(text[EMAIL])
    except NotAnAddress as fault:
        return BadRow(record.line, f"“{text[EMAIL]}” is not an e-mail address: {fault}")
    if address.key is None and not (text["First Name"] or text["Last Name"]):
        return BadRow(record.line, "it has neither an e-mail address nor a name")
    return Row(
        line=record.line,
        email=address.email,
        email_key=address.key,
        first_name=text["First Name"],
        last_name=text["Last Name"],
        phone=text["Phone"],
        account=text["Account"],
        tags=tags,
        lists=lists,
        splits=tuple(filter(None, (split_tags, split_lists))),
    )


def _surplus(header: Header, record: Record) -> str | None:
    """Why the record is refused if there is something in a field after the last column."""
    if len(record.fields) <= header.width:
        return None
    width = max((place for place, field in enumerate(record.fields, 1) if field.strip()), default=0)
    if width <= header.width:
        return None
    found = f"{width} field{'s' * (width != 1)} instead of {header.width}"
    if record.last_line > record.line:
        return f"the record, which ends in line {record.last_line:,}, has {found}"
    return f"it has {found}"


def _stripped(name: str, text: str) -> str:
    """The field without spaces around it; empty if there is nothing to see in it."""
    text = text.strip()
    # What an address may contain is decided elsewhere.
    is_visible = text.isascii() or name == EMAIL or without_invisible(text).strip()
    return text if is_visible else ""


def _why_unfit(name: str, value: str, limit: int) -> str | None:
    """Why the value does not fit its column; None if it does. PostgreSQL cannot store a NUL."""
    what = {"Tags": "a tag", "Lists": "a list"}.get(name, f"“{name}”")
    if CONTROL.search(value):
        return f"{what} contains a line break or another control character"
    if len(value) > limit:
        return f"{what} is longer than {limit} characters"
    return None
