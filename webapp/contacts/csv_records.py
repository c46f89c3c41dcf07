"""Reading a CSV file record by record, with the line number of each record, in little memory.

A quotation mark that is never closed would swallow the rest of the file. So after a record that cannot be
read, reading continues at its second line.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

# In bytes. A file with a longer line is not a table.
LONGEST_LINE = 1_000_000


class UnreadableFile(Exception):
    """The file is not a readable CSV file; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record from line `line` to `last_line`; `fault` says why its fields could not be read."""

    line: int
    last_line: int
    fields: list[str]
    fault: str | None = None


NOTHING = Record(1, 1, [])


def check_text(file: BinaryIO) -> None:
    """Read the file to its end and return to its beginning.

    Raises UnreadableFile if it is empty, is not UTF-8 or has no lines. So a read that follows never stops
    half-way.
    """
    number, is_empty = 0, True
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise UnreadableFile(f"Its line {number:,} is too long: this is not a CSV file.")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableFile(
                f"It is not UTF-8 text (line {number:,}). Save it as “CSV UTF-8” and try again."
            ) from error
        is_empty = is_empty and not text.strip()
    if is_empty:
        raise UnreadableFile("It is empty.")
    file.seek(0)


def read_records(file: BinaryIO) -> Iterator[Record]:
    """The records of a file that has passed `check_text`, without blank lines."""
    text = _decoded(file)
    lines = _Lines(text)
    reader = csv.reader(lines, strict=True, skipinitialspace=True)
    while True:
        line = lines.begin()
        try:
            fields = next(reader)
        except StopIteration:
            # Otherwise the decoder would close the file, and `tell()` would fail.
            text.detach()
            return
        except csv.Error as error:
            lines.push_back()
            yield Record(line, line, [], fault=_describe(error))
            continue
        if len(fields) > 1 or "".join(fields).strip():
            yield Record(line, lines.number, fields)


def _decoded(file: BinaryIO) -> io.TextIOWrapper:
    # Without newline="" a quoted line break would be rewritten. utf-8-sig removes a BOM.
    return io.TextIOWrapper(file, encoding="utf-8-sig", newline="")


def _describe(error: csv.Error) -> str:
    if "field limit" in str(error):
        return "a field is too long, or its quotation mark is not closed"
    return "its quotation marks do not match"


class _Lines:
    """The lines of a file, numbered as in an editor; the lines of the latest record can be read again."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._pushed_back: deque[str] = deque()
        self._of_record: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._pushed_back.popleft() if self._pushed_back else next(self._file)
        self._of_record.append(line)
        self.number += 1
        return line

    def begin(self) -> int:
        """Begin a record; return the number of its first line."""
        self._of_record.clear()
        return self.number + 1

    def push_back(self) -> None:
        """Read the lines of the record again, except the first."""
        again = self._of_record[1:]
        self._pushed_back.extendleft(reversed(again))
        self.number -= len(again)
