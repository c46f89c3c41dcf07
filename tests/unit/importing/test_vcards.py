"""vCards as address books write them."""

import io
import tracemalloc
from collections.abc import Iterator

import pytest

from webapp.importing.reading import look
from webapp.importing.vcards import read_cards

APPLE = """BEGIN:VCARD
VERSION:3.0
PRODID:-//Apple Inc.//iPhone OS 17.0//EN
N:Müller;Jürgen;;;
FN:Jürgen Müller
ORG:Acme\\, Inc.;Sales
item1.EMAIL;type=INTERNET:second@example.org
EMAIL;type=INTERNET;type=HOME;type=pref:first@example.o
 rg
TEL;type=CELL;type=VOICE:+49 170 1
PHOTO;ENCODING=b;TYPE=JPEG:AAAA
 AAAA
CATEGORIES:Friends,Big\\, Fish,myContacts
END:VCARD
"""


def cards(text: str) -> list[tuple[str, ...]]:
    return [each.fields for each in read_cards(io.BytesIO(text.encode()), "utf-8")]


def card(*lines: str, version: str = "3.0") -> str:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_card_of_apple(end: str) -> None:
    [record] = read_cards(io.BytesIO(APPLE.replace("\n", end).encode()), "utf-8")

    assert (record.line, record.last_line) == (1, 14)
    assert record.fields == (
        "first@example.org",
        "Jürgen",
        "Müller",
        "+49 170 1",
        "Acme, Inc.",
        "Friends;Big, Fish",
    )


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        # 2.1: quoted-printable over lines, and the preferred address without a type.
        (
            [
                "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=89va;Anna=20Mar=",
                "=C3=ADa;;;",
                "EMAIL;INTERNET:b@example.org",
                "EMAIL;PREF;INTERNET:a@example.org",
            ],
            ("a@example.org", "Anna María", "Éva", "", "", ""),
        ),
        (
            ["N;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:Gro=DF;J=FCrgen"],
            ("", "Jürgen", "Groß", "", "", ""),
        ),
        (["N;ENCODING=QUOTED-PRINTABLE;CHARSET=nonsense:Gro=DF;Ann"], ("", "Ann", "Groß", "", "", "")),
        # A folded line that is not imported may look like a property.
        (["PHOTO;ENCODING=BASE64:", " N:Wrong;Name", "", "N:Right;Ann"], ("", "Ann", "Right", "", "", "")),
        # 4.0
        (
            [
                "FN:Ann Lee Smith",
                "EMAIL;PREF=2:b@example.org",
                "EMAIL;PREF=1:a@example.org",
                'TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:+1-555-5555',
                "CATEGORIES:a\\;b",
            ],
            ("a@example.org", "Ann Lee", "Smith", "+1-555-5555", "", '"a;b"'),
        ),
        # A company has its own name as the name of a person.
        (["N:;;;;", "FN:Acme", "ORG:Acme;"], ("", "", "", "", "Acme", "")),
        (["FN:Cher"], ("", "Cher", "", "", "", "")),
        (["FN:ann@example.org", "EMAIL:ann@example.org"], ("ann@example.org", "", "", "", "", "")),
        (["N:A\\nB;C\\\\D"], ("", "C\\D", "A B", "", "", "")),
        (
            ["AGENT:", "BEGIN:VCARD", "N:Agent;The", "END:VCARD", "N:Boss;The"],
            ("", "The", "Boss", "", "", ""),
        ),
        (["nonsense", "N:Ann", ""], ("", "", "Ann", "", "", "")),
    ],
)
def test_what_a_card_says(lines: list[str], fields: tuple[str, ...]) -> None:
    assert cards(card(*lines)) == [fields]


def test_a_card_without_an_end_costs_nothing_but_itself() -> None:
    text = "BEGIN:VCARD\nN:Torn\n" + card("N:Ann") + "BEGIN:VCARD\nN:Last\n"

    found = list(read_cards(io.BytesIO(text.encode()), "utf-8"))

    assert [(each.line, each.last_line, each.fault) for each in found] == [
        (1, 2, {"code": "not_a_card"}),
        (3, 6, None),
        (7, 8, {"code": "not_a_card"}),
    ]


def test_a_file_of_cards_is_recognised_in_any_encoding() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        brought = look(io.BytesIO(APPLE.encode(encoding)))

        assert brought.about.program == "vcard"
        assert set(brought.about.mapping.values()) == {
            *("email", "first_name", "last_name", "phone", "account", "tags"),
        }
        assert brought.header.fields[:2] == ("Email", "First Name")
        assert [each.fields[2] for each in brought.records()] == ["Müller"]


class Cards(io.RawIOBase):
    """A file of cards that is made while it is read."""

    def __init__(self, photo: int) -> None:
        self._parts = self._make(photo)
        self._rest = b""

    def _make(self, photo: int) -> Iterator[bytes]:
        yield b"BEGIN:VCARD\nPHOTO;ENCODING=b:A\n"
        for _ in range(photo):
            yield b" " + b"A" * 74 + b"\n"
        yield b"N:Ann\nEND:VCARD\n"

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (part := next(self._parts, b"")):
            self._rest += part
        chunk, self._rest = self._rest[:size], self._rest[size:]
        return chunk


def test_a_photo_of_any_size_takes_no_memory() -> None:
    tracemalloc.start()
    try:
        [record] = read_cards(Cards(20_000), "utf-8")  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert record.fields[2] == "Ann"
    assert peak < 1_000_000
