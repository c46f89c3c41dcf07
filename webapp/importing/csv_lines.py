"""Reading a text file line by line in little memory, with lines numbered as in an editor."""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import BinaryIO

from webapp.importing.encodings import DAMAGED, UTF_8, UTF_16, charset

# In bytes. A file with a longer line is not a table.
LONGEST_LINE = 1_000_000

_CHUNK = 65_536


class UnreadableFile(Exception):
    """The file is not a readable CSV file; the message is a sentence that says why."""


def read_lines(file: BinaryIO, encoding: str = UTF_8) -> Iterator[str]:
    """The lines from the beginning of the file, each with its end: CR LF, LF or CR. A BOM is removed.

    Raises UnreadableFile if a line is too long or is not text in this encoding.
    """
    number, rest = 0, b""
    for chunk in filter(None, _chunks(file, encoding)):
        # Of bytes, unlike of text, splitlines() knows no other line ends. They are the same bytes in every
        # encoding that gets here.
        *lines, rest = (rest + chunk).splitlines(keepends=True)
        for line in lines:
            number += 1
            yield _decode(line, number, encoding)
        if len(rest) >= LONGEST_LINE:
            break
    if rest:
        yield _decode(rest, number + 1, encoding)


def check_lines(file: BinaryIO, encoding: str, most: int) -> None:
    """Raises UnreadableFile if the file has more than `most` lines, whatever is in them, or is not text in
    this encoding.

    Each line costs time in all that reads the file, empty ones too. Counting their ends costs next to none.
    """
    lines, before = 0, b""
    for chunk in filter(None, _chunks(file, encoding)):
        lines += chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n")
        # CR LF is one end, also where it was cut.
        lines -= before.endswith(b"\r") and chunk.startswith(b"\n")
        before = chunk
        if lines > most:
            break
    if lines + (not before.endswith((b"\n", b"\r"))) > most:
        raise UnreadableFile(
            f"It has more than {most:,} lines, counting empty ones. Split it into files of at most that many."
        )


def _chunks(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The bytes of the file; of UTF-16 as UTF-8."""
    file.seek(0)
    if encoding not in UTF_16:
        while chunk := file.read(_CHUNK):
            yield chunk
        return
    decoder = getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK):
            yield decoder.decode(chunk).encode()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            "It is not complete UTF-16 text. Save it as “CSV UTF-8” and try again."
        ) from error


def _decode(line: bytes, number: int, encoding: str) -> str:
    if len(line) >= LONGEST_LINE:
        raise UnreadableFile(f"Its line {number:,} is too long: this is not a CSV file.")
    if line.isascii():
        return line.decode("ascii")
    if known := charset(encoding):
        return known.decode(line)
    if encoding == DAMAGED:
        return line.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape")
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"It is not UTF-8 text (line {number:,}). Save it as “CSV UTF-8” and try again."
        ) from error
