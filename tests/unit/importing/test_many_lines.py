"""Files of very many lines: refused by counting, before any line is read. What is counted here is what the
interpreter executes, because time says something about the machine as well."""

import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from webapp.importing.csv_lines import UnreadableFile, check_lines
from webapp.importing.csv_records import LONGEST_FIELD
from webapp.importing.reading import look
from webapp.importing.vcards import read_cards
from webapp.views.imports import MOST_LINES

HEADER = b"Email,First Name,Last Name\n"
SIZE = 20_000_000
TOO_MANY = f"It has more than {MOST_LINES:,} lines, counting empty ones."


@contextmanager
def at_most_calls(most: int) -> Iterator[None]:
    """Stop where more functions are called, in Python or in C; a generator that goes on counts as well."""
    calls, before = 0, sys.getprofile()

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")
        if calls > most:
            raise AssertionError(f"more than {most:,} calls")

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize(
    "make",
    [
        lambda: HEADER + b"\n" * SIZE,
        lambda: HEADER + b"\r" * SIZE,
        lambda: b"BEGIN:VCARD\nN;ENCODING=QUOTED-PRINTABLE:a" + b"=\n" * (SIZE // 2) + b"\nEND:VCARD\n",
        lambda: b"BEGIN:VCARD\nN:a" + b"\n " * (SIZE // 2) + b"\nEND:VCARD\n",
        lambda: b"BEGIN:VCARD\n" * 1_000_000,
        # One byte that is not UTF-8 makes all lines be looked at for others.
        lambda: HEADER + b"\n" * (SIZE - 2) + b"\xe9\n",
        lambda: (HEADER + b"\n" * (SIZE // 2)).decode().encode("utf-16"),
        lambda: HEADER + b"a\n" * MOST_LINES,
    ],
    ids=["LF", "CR", "soft breaks", "folded", "torn cards", "Windows-1252", "UTF-16", "rows"],
)
def test_a_file_of_too_many_lines_is_refused_before_its_lines_are_read(make: Callable[[], bytes]) -> None:
    file = io.BytesIO(make())

    with at_most_calls(5_000), pytest.raises(UnreadableFile, match=re.escape(TOO_MANY)):
        look(file, most_lines=MOST_LINES)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"BEGIN:VCARD\n" * 400_000, "no complete vCard"),
        (b"BEGIN:VCARD\n" + b"N:a\n" * 400_000, "The vCard in line 1 has more than 1,000"),
        (b"BEGIN:VCARD\n" + b"AGENT:\nBEGIN:VCARD\n" * 200_000, "The vCard in line 1 has more than 1,000"),
    ],
    ids=["torn cards", "properties", "cards in cards"],
)
def test_what_is_none_of_cards_is_refused_after_its_first_cards(data: bytes, why: str) -> None:
    """Each line of these is one that a contact needs: they cost ten times as much as others."""
    with at_most_calls(100_000), pytest.raises(UnreadableFile, match=why):
        look(io.BytesIO(data), most_lines=MOST_LINES)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_lines_are_counted_as_an_editor_does_and_as_many_as_allowed_are_read(
    end: bytes, encoding: str
) -> None:
    # CR LF is cut by the borders of what is read at once.
    text = (b"Email" + end + (b"a" + end) * 199_998 + b"b").decode()

    for data in (text, text + end.decode()):
        assert look(io.BytesIO(data.encode(encoding)), most_lines=200_000).about.records == 199_999
        with pytest.raises(UnreadableFile, match="more than 199,999 lines"):
            check_lines(io.BytesIO(data.encode(encoding)), encoding, 199_999)


def test_the_command_reads_any_number_of_lines() -> None:
    data = HEADER + b"\n" * MOST_LINES + b"ann@example.org\n"

    assert look(io.BytesIO(data)).about.records == 1


def test_of_a_long_property_only_the_beginning_is_kept() -> None:
    folded = b"".join(b"\n " + b"x" * 900 for _ in range(1_000))

    [record] = read_cards(io.BytesIO(b"BEGIN:VCARD\nN:Ann" + folded + b"\nEND:VCARD\n"), "utf-8")

    assert record.fields[2].startswith("Annxxx")
    assert LONGEST_FIELD - 1_000 < len(record.fields[2]) < LONGEST_FIELD + 1_000
