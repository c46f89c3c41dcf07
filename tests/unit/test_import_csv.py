"""Reading a CSV file: which records it has, in which lines, and which files are refused."""

import io

import pytest

from webapp.contacts import csv_records
from webapp.contacts.csv_records import UnreadableFile, check_text, read_records


def read(text: str) -> list[tuple[int, list[str]]]:
    return [(record.line, record.fields) for record in read_records(io.BytesIO(text.encode()))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_lines_are_counted_as_an_editor_does(end: str) -> None:
    lines = ["\ufeffa,b", "", '1,"two', "lines, and", '"', "  ", "2,x"]

    assert read(end.join(lines)) == [
        (1, ["a", "b"]),
        (3, ["1", f"two{end}lines, and{end}"]),
        (7, ["2", "x"]),
    ]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("a, b", ["a", "b"]),
        ('a, "b, c"', ["a", "b, c"]),
        ('"a ""quoted"" b"', ['a "quoted" b']),
        ('O"Brien', ['O"Brien']),
        ("a,,", ["a", "", ""]),
        (",", ["", ""]),
        ("a\0b", ["a\0b"]),
    ],
)
def test_a_line_is_split_into_fields(text: str, fields: list[str]) -> None:
    assert read(text) == [(1, fields)]


@pytest.mark.parametrize(
    "swallowing",
    ['"never closed,x', '"closed" too early,x', '"' + "long, " * 30_000],
    ids=["open", "torn", "long"],
)
def test_an_unclosed_quotation_mark_affects_one_line_only(swallowing: str) -> None:
    lines = ["a,b", swallowing, "c,d", *["e,f"] * 5000]
    records = list(read_records(io.BytesIO("\n".join(lines).encode())))

    assert [record.line for record in records] == list(range(1, len(lines) + 1))
    assert [record.line for record in records if record.fault] == [2]


def test_a_record_knows_where_it_ends() -> None:
    (record,) = read_records(io.BytesIO(b'a,"b\nc\nd"'))
    assert (record.line, record.last_line) == (1, 3)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "It is empty."),
        (b"\xef\xbb\xbf \r\n\n", "It is empty."),
        (b"Email\na@b.c\n\xfc@b.c\n", "not UTF-8 text (line 3)"),
        ("Email".encode("utf-16"), "not UTF-8 text (line 1)"),
        (b"x" * 1_000_000, "line 1 is too long"),
    ],
)
def test_a_file_that_is_not_csv_is_refused(content: bytes, complaint: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        check_text(io.BytesIO(content))
    assert complaint in str(refusal.value)


def test_a_checked_file_is_read_from_its_beginning() -> None:
    file = io.BytesIO(b"Email\na@b.c")
    check_text(file)
    assert len(list(read_records(file))) == 2


def test_only_the_lines_of_one_record_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    begin = csv_records._Lines.begin

    def watched(lines: csv_records._Lines) -> int:
        kept.append(len(lines._of_record) + len(lines._pushed_back))
        return begin(lines)

    monkeypatch.setattr(csv_records._Lines, "begin", watched)
    read("a,b\n" * 5000)

    assert max(kept) == 1
