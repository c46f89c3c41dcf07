"""Reading a file that a person brings: what it is, and its records, in little memory whatever its size.

A CSV file of any of the programs in `importing.formats`, in any of the encodings in `importing.encodings`,
or a vCard file. Everything that comes out is text; which columns mean what is decided later.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from webapp.importing import csv_records
from webapp.importing.csv_lines import UnreadableFile
from webapp.importing.csv_records import SEPARATORS, Layout
from webapp.importing.detecting import Encoding, detect
from webapp.importing.encodings import DAMAGED
from webapp.importing.fields import Field
from webapp.importing.formats import GOOGLE, best_separator, looks_like_header, recognise
from webapp.importing.records import StoredRecord

# A table with more columns is none. HubSpot exports some hundred.
MOST_COLUMNS = 1_000
# Groups that Google makes by itself; a contact is in one without anybody's doing.
_GOOGLE_GROUPS = frozenset({"mycontacts", "my contacts", "starred", ""})


@dataclass(frozen=True)
class About:
    """What a file is: whose export (a code of `importing.formats`), how it was read, how many records it has
    after its header, and what its columns seem to be about."""

    program: str
    encoding: str
    is_doubtful: bool = False
    samples: list[str] = field(default_factory=list)
    separator: str = ","
    records: int = 0
    mapping: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "About":
        """What `to_json` has stored, in this release or the one before."""
        known = cls.__dataclass_fields__
        return cls(**{name: value for name, value in stored.items() if name in known})


@dataclass(frozen=True)
class Brought:
    """A file that can be read: what it is, and its header."""

    about: About
    header: StoredRecord
    _layout: Layout

    def records(self, file: BinaryIO) -> Iterator[StoredRecord]:
        """The records after the header. Raises UnreadableFile only if the file has changed since."""
        records = _stored(file, self._layout)
        next(records)
        if self.about.program != GOOGLE.code:
            return records
        return _of_google(records, self.header.fields)


def look(file: BinaryIO) -> Brought:
    """Read the file once to its end, and say what it is. `file` can be sought.

    Raises UnreadableFile, with a sentence that says why and what to do, if it cannot be imported.
    """
    encoding = detect(file)
    layout = csv_records.check_file(
        file, encoding=encoding.name, guess=lambda line: best_separator(line, SEPARATORS)
    )
    header = next(_stored(file, layout))
    _check_header(header)
    program, mapping = recognise(header.fields)
    return Brought(_about(program, encoding, layout, mapping), header, layout)


def _about(program: str, encoding: Encoding, layout: Layout, mapping: Mapping[int, Field]) -> About:
    return About(
        program=program,
        encoding=encoding.name,
        is_doubtful=encoding.is_doubtful,
        samples=encoding.samples,
        separator=layout.separator,
        mapping={str(at): field.value for at, field in mapping.items()},
    )


def _check_header(header: StoredRecord) -> None:
    if header.fault:
        raise UnreadableFile("Its header, the first line, cannot be read: its quotation marks do not match.")
    if len(header.fields) > MOST_COLUMNS:
        raise UnreadableFile(
            f"It has {len(header.fields):,} columns. A file with at most {MOST_COLUMNS:,} can be imported."
        )
    if not looks_like_header(header.fields):
        raise UnreadableFile(
            f"Its first line (line {header.line}) names no columns. "
            "Put a line above the first contact, such as “Email,First Name,Last Name”."
        )


def _stored(file: BinaryIO, layout: Layout) -> Iterator[StoredRecord]:
    is_damaged = layout.encoding == DAMAGED
    for record in csv_records.read_records(file, layout):
        if record.fault:
            yield StoredRecord(record.line, record.last_line, fault={"code": "torn_quote"})
        elif is_damaged and any("\udc80" <= char <= "\udcff" for text in record.fields for char in text):
            yield StoredRecord(record.line, record.last_line, fault={"code": "not_utf8"})
        else:
            yield StoredRecord(record.line, record.last_line, tuple(record.fields))


def _of_google(records: Iterator[StoredRecord], header: tuple[str, ...]) -> Iterator[StoredRecord]:
    """Google writes several values into one field: "* myContacts ::: * Family", "ann@a.org ::: ann@b.org"."""
    names = [" ".join(name.split()).lower() for name in header]
    groups = {at for at, name in enumerate(names) if name in ("labels", "group membership")}
    values = {at for at, name in enumerate(names) if name.endswith(" - value")}
    for record in records:
        fields = list(record.fields)
        for at in groups | values:
            if at >= len(fields) or not fields[at]:
                continue
            parts = [part.strip() for part in fields[at].split(":::")]
            if at in values:
                fields[at] = next(filter(None, parts), "")
            else:
                labels = (part.removeprefix("*").strip() for part in parts)
                fields[at] = ";".join(label for label in labels if label.lower() not in _GOOGLE_GROUPS)
        yield StoredRecord(record.line, record.last_line, tuple(fields), record.fault)
