"""Reading a file that a person brings: what it is, and its records, in little memory whatever its size.

A CSV file of any of the programs in `importing.formats`, in any of the encodings in `importing.encodings`,
or a vCard file. Everything that comes out is text; which columns mean what is decided later.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from webapp.importing import csv_records
from webapp.importing.csv_lines import UnreadableFile
from webapp.importing.csv_records import SEPARATORS, Layout, Record
from webapp.importing.detecting import Encoding, detect
from webapp.importing.encodings import DAMAGED
from webapp.importing.fields import Field
from webapp.importing.formats import GOOGLE, VCARD, best_separator, looks_like_header, recognise
from webapp.importing.records import StoredRecord
from webapp.importing.vcards import FIELDS as FIELDS_OF_CARDS
from webapp.importing.vcards import HEADER as CARDS_HEADER
from webapp.importing.vcards import check_cards, is_vcard, read_cards

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
    """A file that can be read: what it is, its header, and its records after that, read from the beginning at
    each call."""

    about: About
    header: StoredRecord
    records: Callable[[], Iterator[StoredRecord]]


def look(file: BinaryIO, *, most_lines: int | None = None) -> Brought:
    """Read the file once to its end, and say what it is. `file` can be sought.

    Raises UnreadableFile, with a sentence that says why and what to do, if it cannot be imported, or has more
    than `most_lines` lines.
    """
    encoding = detect(file, most_lines)
    return (_look_at_cards if is_vcard(file, encoding.name) else _look_at_table)(file, encoding)


def _look_at_cards(file: BinaryIO, encoding: Encoding) -> Brought:
    count = check_cards(file, encoding.name)
    about = _about(VCARD, encoding, Layout(records=count + 1), dict(enumerate(FIELDS_OF_CARDS)))
    return Brought(about, CARDS_HEADER, lambda: _marked(read_cards(file, encoding.name), encoding.name))


def _look_at_table(file: BinaryIO, encoding: Encoding) -> Brought:
    layout = csv_records.check_file(
        file, encoding=encoding.name, guess=lambda line: best_separator(line, SEPARATORS)
    )
    header = next(_stored(file, layout))
    _check_header(header)
    program, mapping = recognise(header.fields)

    def records() -> Iterator[StoredRecord]:
        rows = islice(_stored(file, layout), 1, None)
        return _of_google(rows, header.fields) if program == GOOGLE.code else rows

    return Brought(_about(program, encoding, layout, mapping), header, records)


def _about(program: str, encoding: Encoding, layout: Layout, mapping: Mapping[int, Field]) -> About:
    return About(
        program=program,
        encoding=encoding.name,
        is_doubtful=encoding.is_doubtful,
        samples=encoding.samples,
        separator=layout.separator,
        records=layout.records - 1,
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
    return _marked(map(_from_csv, csv_records.read_records(file, layout)), layout.encoding)


def _from_csv(record: Record) -> StoredRecord:
    if record.is_torn:
        return StoredRecord(record.line, record.last_line, fault={"code": "torn_quote"})
    return StoredRecord(record.line, record.last_line, tuple(record.fields))


def _marked(records: Iterator[StoredRecord], encoding: str) -> Iterator[StoredRecord]:
    """The records; in a damaged file with a fault for each that has bytes which are no text."""
    return map(_undamaged, records) if encoding == DAMAGED else records


def _undamaged(record: StoredRecord) -> StoredRecord:
    if any("\udc80" <= char <= "\udcff" for text in record.fields for char in text):
        return StoredRecord(record.line, record.last_line, fault={"code": "not_utf8"})
    return record


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
