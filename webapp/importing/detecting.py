"""What a file is, by its bytes: a picture or another file without text, and the encoding of a text."""

import re
from codecs import getincrementaldecoder
from dataclasses import dataclass, field
from typing import BinaryIO

from webapp.importing.csv_lines import UnreadableFile, check_lines, read_lines
from webapp.importing.encodings import DAMAGED, UTF_8, WINDOWS_1252, charset

_CHUNK = 65_536
# What begins a file without text, and what to do about it.
_EXCEL = "It is an Excel workbook. Save it as “CSV UTF-8” in Excel, and choose that file."
_SIGNATURES = (
    (b"PK\x03\x04", "It is a zip archive. Unpack it, and choose the file in it."),
    (b"PK\x05\x06", "It is an empty zip archive."),
    (b"\xd0\xcf\x11\xe0", _EXCEL),
    (b"\x1f\x8b", "It is a gzip archive. Unpack it, and choose the file in it."),
    (b"7z\xbc\xaf", "It is a 7z archive. Unpack it, and choose the file in it."),
    (b"Rar!", "It is a rar archive. Unpack it, and choose the file in it."),
    (b"%PDF", "It is a PDF. Choose a CSV or vCard file."),
    (b"\x89PNG", "It is a picture. Choose a CSV or vCard file."),
    (b"\xff\xd8\xff", "It is a picture. Choose a CSV or vCard file."),
    (b"GIF8", "It is a picture. Choose a CSV or vCard file."),
)
NO_TEXT = "It holds no text that can be read. Choose a CSV or vCard file."
# Bytes that text does not have, but for a few stray ones.
STRAY = 8
_CONTROL = bytes(set(range(32)) - {9, 10, 11, 12, 13, 27})
# From a letter that is not ASCII to the end of its word; and the beginning of the word before it.
_REST = re.compile(r'[^\x00-\x7f][^\s,;"|]{0,40}')
_BEGINNING = re.compile(r'[^\s,;"|]*\Z')
_SAMPLES = 6
# So many bytes more that are none than characters that are: this is no UTF-8.
_ENOUGH = 1_000
# How many lines with other letters than ASCII are judged, and how many different words.
_JUDGED = 2_000
# The letters and signs of Western European texts in Windows-1252.
_WESTERN = frozenset("äöüÄÖÜßàâçèéêëîïôùûœæÀÂÇÈÉÊËÎÏÔÙÛŒÆñÑáíóúÁÍÓÚãõÃÕåÅøØìòÌÒýÝ€’‘“”„‚–—…«»°·•®©™´§ ¿¡ºª")


@dataclass(frozen=True)
class Encoding:
    """The encoding of a file. Where it `is_doubtful`, a person looks at `samples`, words whose letters depend
    on it, and chooses."""

    name: str = UTF_8
    is_doubtful: bool = False
    samples: list[str] = field(default_factory=list)


def detect(file: BinaryIO, most_lines: int | None = None) -> Encoding:
    """The encoding of the file. Raises UnreadableFile if it is empty, is no text or has more than
    `most_lines` lines; these are counted before any of them is read."""
    file.seek(0)
    head = file.read(_CHUNK)
    if not head.strip():
        raise UnreadableFile("It is empty.")
    for signature, sentence in _SIGNATURES:
        if head.startswith(signature):
            raise UnreadableFile(_EXCEL if b"[Content_Types].xml" in head else sentence)
    utf_16 = _utf_16(head)
    if not utf_16 and len(head) - len(head.translate(None, _CONTROL)) > max(STRAY, len(head) // 100):
        raise UnreadableFile(NO_TEXT)
    if most_lines is not None:
        check_lines(file, utf_16 or UTF_8, most_lines)
    if utf_16:
        return Encoding(utf_16)
    good, bad = _count_utf_8(file)
    if not bad:
        return Encoding()
    # Two and more bytes that make a character are no accident.
    return Encoding(DAMAGED) if good > 4 * bad else _one_byte(file)


def _utf_16(head: bytes) -> str | None:
    """UTF-16 with a BOM, or where nearly every second byte is 0, as in most European texts."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 8 and odd > 0.7 * half and even < 0.1 * half:
        return "utf-16-le"
    if half >= 8 and even > 0.7 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def _count_utf_8(file: BinaryIO) -> tuple[int, int]:
    """How many characters beyond ASCII the file has in UTF-8, and how many bytes that are none."""
    file.seek(0)
    decoder = getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    while chunk := file.read(_CHUNK):
        if chunk.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(chunk)
        # Encoders leave out what has no bytes in their encoding: of UTF-8 that is what was none.
        wrong = len(text) - len(text.encode(errors="ignore").decode())
        bad += wrong
        good += len(text) - len(text.encode("ascii", "ignore")) - wrong
        if bad > _ENOUGH + good:
            break
    return good, bad + len(decoder.getstate()[0])


def _one_byte(file: BinaryIO) -> Encoding:
    """Windows-1252, and whether the words look as if it were not."""
    words: dict[str, None] = {}
    looked_at = 0
    for line in read_lines(file, WINDOWS_1252):
        if line.isascii():
            continue
        for rest in _REST.finditer(line):
            beginning = _BEGINNING.search(line[max(0, rest.start() - 40) : rest.start()])
            words[f"{beginning[0] if beginning else ''}{rest[0]}"] = None
        looked_at += 1
        if looked_at >= _JUDGED or len(words) >= _JUDGED:
            break
    odd = [word for word in words if not _looks_western(word)]
    is_doubtful = 20 * len(odd) > len(words)
    return Encoding(WINDOWS_1252, is_doubtful, samples_of([*odd, *words] if is_doubtful else [*words]))


def _looks_western(word: str) -> bool:
    other = [char for char in word if ord(char) > 127]
    # "Ïðèâåò" is Russian that was read as Windows-1252: such a word has hardly a letter of ASCII.
    return _WESTERN.issuperset(other) and (len(other) <= 2 or 2 * len(other) <= len(word))


def samples_of(words: list[str]) -> list[str]:
    """A few of the words, the first ones, each once."""
    return [word[:40] for word in dict.fromkeys(words)][:_SAMPLES]


def reread(text: str, before: str, after: str) -> str:
    """A text that was read in one encoding of one byte for each character, as another reads it."""
    old, new = charset(before), charset(after)
    if old is None or new is None or text.isascii():
        return text
    return new.decode(old.encode(text))
