"""Files in each encoding, and files that are no text."""

import io

import pytest

from webapp.importing.csv_lines import UnreadableFile
from webapp.importing.detecting import detect, reread
from webapp.importing.encodings import CHOICES, charset
from webapp.importing.reading import look

TEXT = "Email,First Name,Account\nann@example.org,Jürgen,Café Groß\n"


@pytest.mark.parametrize(
    ("data", "name", "is_doubtful"),
    [
        (TEXT.encode(), "utf-8", False),
        (TEXT.encode("utf-8-sig"), "utf-8", False),
        (b"Email\nann@example.org\n", "utf-8", False),
        (TEXT.encode("utf-16"), "utf-16", False),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16", False),
        (TEXT.encode("utf-16-le"), "utf-16-le", False),
        (TEXT.encode("utf-16-be"), "utf-16-be", False),
        (TEXT.encode("cp1252"), "cp1252", False),
        ("Email,Name\na@b.org,“Ann” – Ørsted & Ñandú’s, 5 €\n".encode("cp1252"), "cp1252", False),
        (TEXT.encode("mac_roman"), "cp1252", True),
        ("Email,Name\na@b.org,Łukasz Świątek\n".encode("cp1250"), "cp1252", True),
        ("Email,Name\na@b.org,Иван Петров\n".encode("cp1251"), "cp1252", True),
        # A character on the border of two reads.
        (b"Email,Name\n" + b"x" * (65_535 - 11) + "ü\n".encode() + TEXT.encode(), "utf-8", False),
        ((TEXT * 10).encode() + b"x@example.org,\xff\n", "utf-8-damaged", False),
    ],
)
def test_an_encoding_is_recognised_or_doubted(data: bytes, name: str, is_doubtful: bool) -> None:
    found = detect(io.BytesIO(data))

    assert (found.name, found.is_doubtful) == (name, is_doubtful)


def test_the_words_in_question_are_shown() -> None:
    found = detect(io.BytesIO("Email,Name\na@b.org,Łukasz Nowak\n".encode("cp1250")))

    assert found.samples == ["£ukasz"]
    assert [reread(word, "cp1252", "cp1250") for word in found.samples] == ["Łukasz"]


@pytest.mark.parametrize("encoding", CHOICES)
def test_a_text_can_be_read_again_in_another_encoding(encoding: str) -> None:
    every_byte = bytes(range(256))
    known, first = charset(encoding), charset("cp1252")
    assert known
    assert first

    assert known.encode(known.decode(every_byte)) == every_byte
    assert reread(first.decode(every_byte), "cp1252", encoding) == known.decode(every_byte)
    assert known.decode(every_byte[:128]) == every_byte[:128].decode("ascii")


@pytest.mark.parametrize(
    "data",
    [TEXT.encode(each) for each in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_table_is_the_same_in_each_encoding(data: bytes, end: bytes) -> None:
    if len(end) == 1 or b"\0" not in data:
        data = data.replace(b"\n", end)

    brought = look(io.BytesIO(data))

    assert brought.about.program == "own"
    assert brought.header.fields == ("Email", "First Name", "Account")
    assert [(each.line, each.fields) for each in brought.records()] == [
        (2, ("ann@example.org", "Jürgen", "Café Groß"))
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "It is empty."),
        (b" \r\n\n ", "It is empty."),
        (b"\xef\xbb\xbf", "It is empty."),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "It is a picture."),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)), "It is a picture."),
        (b"PK\x03\x04" + bytes(100), "Unpack it"),
        (b"PK\x03\x04...[Content_Types].xml", "It is an Excel workbook."),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "It is an Excel workbook."),
        (b"%PDF-1.7", "It is a PDF."),
        (bytes(range(256)) * 10, "It holds no text"),
        (b'"' * 2_000_000, "is too long"),
        (b'"\n' * 300_001, "quotation mark in line"),
        (b"Email\n" + b'"a"b\n' * 3 + b'"', "quotation mark in line"),
        (b"," * 10_000_000, "is too long"),
        (b",".join([b"a"] * 1_001), "1,001 columns"),
        (b"ann@example.org,Ann\n", "names no columns"),
        (b'"a"b,Name\n"x","y"\n', "Its header"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le")[:-1], "not complete UTF-16"),
        (b"BEGIN:VCARD\n", "It holds no complete vCard."),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        look(io.BytesIO(data))

    assert why in str(refusal.value)


def test_a_word_of_any_length_is_judged_in_one_pass() -> None:
    data = b"Email,Name\nann@example.org,J\xfcrgen " + b"a" * 900_000 + b"\n"

    assert detect(io.BytesIO(data)).samples == ["Jürgen"]


def test_damaged_bytes_cost_their_row_only() -> None:
    data = (TEXT * 3).encode() + b"x@example.org,\xff,\nbob@example.org,Bob,\n"

    records = list(look(io.BytesIO(data)).records())

    assert [each.fault for each in records][-2:] == [{"code": "not_utf8"}, None]
    assert records[-1].fields == ("bob@example.org", "Bob", "")
