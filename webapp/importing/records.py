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


def read_records(
    session: Session, file_id: int, *, begin: Place = BEGINNING
) -> Iterator[tuple[StoredRecord, Place]]:
    """The records from the place `begin` on, each with the place of the one after it."""
    part, skipped = begin
    while (data := read_part(session, file_id, part)) is not None:
        for number, line in enumerate(data.splitlines()):
            if number >= skipped:
                first, last, fields, fault = json.loads(line)
                yield StoredRecord(first, last, tuple(fields), fault), (part, number + 1)
        part, skipped = part + 1, 0


def read_header(session: Session, file_id: int) -> StoredRecord | None:
    """The first record, which is the header row; None if there is none."""
    return next((record for record, _ in read_records(session, file_id)), None)


def count_records(session: Session, file_id: int) -> int:
    """How many records the file has, with the header row."""
    return sum(data.count(b"\n") for data in read_parts(session, file_id))
