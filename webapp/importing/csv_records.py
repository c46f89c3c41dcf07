"""Reading a CSV file record by record, with the line number of each record, in little memory.

Text inside quotation marks never becomes a record. So after a record whose marks do not match, reading
continues only where it is outside quotation marks under either way of writing them; a file with a mark that
is never closed is refused. docs/adr/0016-reading-csv.md says why the module csv cannot do this alone.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import BinaryIO

from webapp.importing.csv_lines import UnreadableFile, read_lines
from webapp.importing.encodings import UTF_8

QUOTE = '"'
SEPARATORS = ",;|\t"
# In characters. Of a longer field that spans lines, only its beginning is kept.
LONGEST_FIELD = 131_072

# Spreadsheets write and obey such a first line.
_SEPARATOR_LINE = re.compile(r'"?sep=(.?)\1*"?[ \r\n]*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """What has to be known about a file before its records are read.

    `has_separator_line`: its first line names the separator. `last_closing` is the number of the last line
    with a quotation mark where one usually closes, before a separator or at a line end; 0 without one. It is
    None if no record is torn, because then it is not needed.
    """

    separator: str = ","
    has_separator_line: bool = False
    last_closing: int | None = None
    encoding: str = UTF_8
    # How many records it has, the header among them.
    records: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """A record from line `line` to `last_line`. Of one that `is_torn`, whose quotation marks do not match, no
    field could be read."""

    line: int
    last_line: int
    fields: list[str]
    is_torn: bool = False


NOTHING = Record(1, 1, [])


# Which separator a file has, by its first line with text in it.
Guess = Callable[[str], str]


def check_file(file: BinaryIO, *, encoding: str = UTF_8, guess: Guess = lambda _line: ",") -> Layout:
    """Read the file to its end; return what `read_records` has to know. The first line names the separator,
    or else it is what `guess` says.

    Raises UnreadableFile if it is empty, is not UTF-8, has no lines, names a separator that cannot be one, or
    has a quotation mark that is never closed. So a read that follows never stops half-way.
    """
    layout = _named_layout(next(read_lines(file, encoding), ""))
    if layout is None:
        layout = Layout(guess(next((line for line in read_lines(file, encoding) if line.strip()), "")))
    layout = replace(layout, encoding=encoding)
    try:
        records = sum(1 for _ in read_records(file, layout))
    except _TornRecord:
        layout = replace(layout, last_closing=_find_last_closing(file, layout))
        records = sum(1 for _ in read_records(file, layout))
    if not records:
        raise UnreadableFile("It is empty.")
    return replace(layout, records=records)


def read_records(file: BinaryIO, layout: Layout) -> Iterator[Record]:
    """The records of a file that has passed `check_file`, without those that have nothing in any field.

    Raises UnreadableFile as `check_file` does if the file has changed.
    """
    return _Reader(file, layout).records()


def _named_layout(first_line: str) -> Layout | None:
    named = _SEPARATOR_LINE.fullmatch(first_line)
    if not named:
        return None
    if not named[1] or named[1] not in SEPARATORS:
        raise UnreadableFile(
            "Its first line, “sep=…”, names no separator that can be read: "
            "a comma, a semicolon, a vertical bar or a tab."
        )
    return Layout(named[1], has_separator_line=True)


def _find_last_closing(file: BinaryIO, layout: Layout) -> int:
    closing = _Patterns.of(layout.separator).closing
    lines = enumerate(read_lines(file, layout.encoding), 1)
    return max((number for number, line in lines if closing.search(line)), default=0)


@dataclass(frozen=True)
class _Patterns:
    """The parts of a record with this separator. `end` is the separator, or empty at the end of the line."""

    # At the beginning of a field: an opening mark, or all of a field without marks around it.
    opening: re.Pattern[str]
    # An opening mark after other spaces than the module csv passes over.
    unusual: re.Pattern[str]
    plain: re.Pattern[str]
    # Behind an opening mark: text, in which a mark is doubled; then the mark that closes it.
    quoted: re.Pattern[str]
    closing: re.Pattern[str]

    @staticmethod
    @cache
    def of(separator: str) -> "_Patterns":
        sep = re.escape(separator)
        # A tab is no space around a field if it separates fields.
        space = r"[ \xa0]*+" if separator == "\t" else r"[ \t\xa0]*+"
        end = rf"(?P<end>{sep}|(?=[\r\n]|\Z))"
        return _Patterns(
            opening=re.compile(rf'{space}"'),
            unusual=re.compile(rf'(?:\A|{sep})(?! *+"){space}"'),
            plain=re.compile(rf"(?P<text>[^{sep}\r\n]*+){end}"),
            quoted=re.compile(r'[^"]*+(?:""[^"]*+)*+'),
            closing=re.compile(rf'"{space}{end}'),
        )


class _TornRecord(Exception):
    """Text follows a closing quotation mark."""


class _Feed:
    """Hands one line to the module csv; a record that goes on behind it is an error there."""

    line: str | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line, self.line = self.line, None
        if line is None:
            raise StopIteration
        return line


class _Reader:
    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self._lines = read_lines(file, layout.encoding)
        self._separator = layout.separator
        self._patterns = _Patterns.of(layout.separator)
        self._last_closing = layout.last_closing
        self._feed = _Feed()
        self._csv = csv.reader(self._feed, strict=True, skipinitialspace=True, delimiter=layout.separator)
        # The latest line and its number, the position in it, and the line of the latest opening mark.
        self._line, self._number, self._at, self._opened = "", 0, 0, 0
        if layout.has_separator_line:
            self._next_line()

    def records(self) -> Iterator[Record]:
        separator = self._separator
        while self._next_line():
            line, first = self._line, self._number
            if QUOTE not in line:
                if line.replace(separator, "").strip():
                    yield Record(first, first, line.rstrip("\r\n").split(separator))
                continue
            try:
                fields = self._fields_of_line() or self._fields()
            except _TornRecord:
                if self._last_closing is None:
                    raise
                self._skip(self._last_closing)
                yield Record(first, self._number, [], is_torn=True)
                continue
            if any(field.strip() for field in fields):
                yield Record(first, self._number, fields)

    def _next_line(self) -> bool:
        """Go to the beginning of the next line; False at the end of the file."""
        self._line, self._at = next(self._lines, ""), 0
        self._number += 1
        return bool(self._line)

    def _fields_of_line(self) -> list[str] | None:
        """The fields, if the line is a record without a fault, as most are: the module csv is fast."""
        if self._patterns.unusual.search(self._line):
            return None
        self._feed.line = self._line
        try:
            return next(self._csv)
        except csv.Error:
            return None

    def _fields(self) -> list[str]:
        fields = []
        while True:
            if opening := self._patterns.opening.match(self._line, self._at):
                self._at, self._opened = opening.end(), self._number
                fields.append(self._quoted_text())
                end = self._patterns.closing.match(self._line, self._at)
            else:
                end = self._patterns.plain.match(self._line, self._at)
                fields.append(end["text"] if end else "")
            if end is None:
                raise _TornRecord
            if not end["end"]:
                return fields
            self._at = end.end()

    def _quoted_text(self) -> str:
        """The text up to the mark that closes it, which may be in another line."""
        text = ""
        while True:
            part = self._patterns.quoted.match(self._line, self._at)
            assert part
            if len(text) <= LONGEST_FIELD:
                text += part[0].replace('""', QUOTE)
            self._at = part.end()
            if self._at < len(self._line):
                return text
            self._next_line_inside()

    def _skip(self, last_closing: int) -> None:
        """Go to the end of the first line from here after which no quoted text can be open.

        Where marks inside a quoted text are doubled, it is open after an odd number of marks. Where a program
        wrote them without doubling, it is open until one before a separator or at a line end. If no such mark
        follows in the file, it was not written like that, because its text would never end.
        """
        is_open, is_open_if_not_doubled = True, True
        while True:
            if marks := self._line.count(QUOTE, self._at):
                is_open ^= marks % 2 == 1
                # Of the marks in a line the last one decides.
                last = self._line.rindex(QUOTE)
                is_open_if_not_doubled = not self._patterns.closing.match(self._line, last)
            if not is_open and (not is_open_if_not_doubled or last_closing <= self._number):
                return
            self._next_line_inside()

    def _next_line_inside(self) -> None:
        if not self._next_line():
            raise UnreadableFile(f"The quotation mark in line {self._opened:,} is never closed.")
