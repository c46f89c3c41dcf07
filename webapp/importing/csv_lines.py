"""Reading a text file line by line in little memory, with lines numbered as in an editor."""

from collections.abc import Iterator
from typing import BinaryIO

# In bytes. A file with a longer line is not a table.
LONGEST_LINE = 1_000_000

_CHUNK = 65_536


class UnreadableFile(Exception):
    """The file is not a readable CSV file; the message is a sentence that says why."""


def read_lines(file: BinaryIO) -> Iterator[str]:
    """The lines from the beginning of the file, each with its end: CR LF, LF or CR. A BOM is removed.

    Raises UnreadableFile if a line is too long or is not UTF-8.
    """
    file.seek(0)
    number, rest = 0, b""
    while chunk := file.read(_CHUNK):
        # Of bytes, unlike of text, splitlines() knows no other line ends.
        *lines, rest = (rest + chunk).splitlines(keepends=True)
        for line in lines:
            number += 1
            yield _decode(line, number)
        if len(rest) >= LONGEST_LINE:
            break
    if rest:
        yield _decode(rest, number + 1)


def _decode(line: bytes, number: int) -> str:
    if len(line) >= LONGEST_LINE:
        raise UnreadableFile(f"Its line {number:,} is too long: this is not a CSV file.")
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"It is not UTF-8 text (line {number:,}). Save it as “CSV UTF-8” and try again."
        ) from error
