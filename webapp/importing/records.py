"""A file as it waits for its import: its records as JSON, one in each line, in parts of whole lines.

Whatever the file was (any encoding, CSV or vCard), it is read once, when it is brought, and stored in this
form. So the import reads on from any record, with flat memory, and a report names the lines of the file as it
was.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.jobs.files import PART_SIZE, add_part, read_part, read_parts
from webapp.models import StoredFile

# A part and the number of the record in it: where the next record is.
Place = tuple[int, int]
BEGINNING: Place = (0, 0)
# How many records are read together, where all of them are read.
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record of the file, from its first line to its last. With a `fault` it could not be read, and has
    no fields: a code with parameters, as plain JSON."""

    line: int
    last_line: int
    fields: tuple[str, ...] = ()
    fault: dict[str, object] | None = None


class RecordWriter:
    """Writes records into a file. `close` writes the last part; the caller commits between `write`s if it
    wants to."""

    def __init__(self, session: Session, file: StoredFile) -> None:
        self.session, self.file = session, file
        self._lines: list[bytes] = []
        self._size = 0

    def write(self, record: StoredRecord) -> None:
        stored = [record.line, record.last_line, record.fields, record.fault]
        # Lone surrogates stay escaped: the databases are never given them.
        line = json.dumps(stored, separators=(",", ":")).encode() + b"\n"
        self._lines.append(line)
        self._size += len(line)
        if self._size >= PART_SIZE:
            self.close()

    def close(self) -> None:
        if self._lines:
            add_part(self.session, self.file, b"".join(self._lines))
        self._lines, self._size = [], 0


class Records:
    """The records of a file, from wherever they are wanted. The part that was read last stays in memory,
    because the next records are mostly in it, too."""

    def __init__(self, file_id: int) -> None:
        self._file_id = file_id
        self._part: tuple[int, list[bytes]] | None = None

    def take(self, session: Session, begin: Place, most: int) -> tuple[list[StoredRecord], Place]:
        """The records from the place `begin` on, at most so many, and the place of the one after them."""
        part, number = begin
        lines: list[bytes] = []
        while len(lines) < most and (found := self._lines(session, part)) is not None:
            some = found[number : number + most - len(lines)]
            lines += some
            number += len(some)
            if len(lines) < most:
                part, number = part + 1, 0
        # One text for all of them is read in a third of the time.
        read = json.loads(b"[" + b",".join(lines) + b"]")
        records = [StoredRecord(first, last, tuple(fields), fault) for first, last, fields, fault in read]
        return records, (part, number)

    def _lines(self, session: Session, part: int) -> list[bytes] | None:
        if self._part is None or self._part[0] != part:
            if (data := read_part(session, self._file_id, part)) is None:
                return None
            self._part = part, data.splitlines()
        return self._part[1]


def read_records(session: Session, file_id: int) -> Iterator[StoredRecord]:
    """All records of the file, with the header row; a part at a time is in memory."""
    records, place = Records(file_id), BEGINNING
    while (taken := records.take(session, place, _AT_ONCE))[0]:
        yield from taken[0]
        place = taken[1]


def read_header(session: Session, file_id: int) -> StoredRecord | None:
    """The first record, which is the header row; None if there is none."""
    return next(iter(Records(file_id).take(session, BEGINNING, 1)[0]), None)


def count_records(session: Session, file_id: int) -> int:
    """How many records the file has, with the header row."""
    return sum(data.count(b"\n") for data in read_parts(session, file_id))
