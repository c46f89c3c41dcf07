"""Reading a CSV file: which records it has, in which lines, and which files are refused."""

import csv
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.importing import csv_lines
from webapp.importing.csv_lines import UnreadableFile
from webapp.importing.csv_records import LONGEST_FIELD, Record, check_file, read_records


def records(text: str) -> list[Record]:
    file = io.BytesIO(text.encode())
    return list(read_records(file, check_file(file)))


def read(text: str) -> list[tuple[int, list[str]]]:
    return [(record.line, record.fields) for record in records(text)]


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as refusal:
        check_file(io.BytesIO(content))
    return str(refusal.value)


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
        ("a, b", ["a", " b"]),
        ('a, "b, c"', ["a", "b, c"]),
        ('"a ""quoted"" b"', ['a "quoted" b']),
        ('"a" ,"b"\t', ["a", "b"]),
        ('O"Brien', ['O"Brien']),
        ('5" pipe,6"', ['5" pipe', '6"']),
        ("a,,", ["a", "", ""]),
        ("a\0b", ["a\0b"]),
        ("a\x0bb\x85c\u2028d", ["a\x0bb\x85c\u2028d"]),
    ],
)
def test_a_line_is_split_into_fields(text: str, fields: list[str]) -> None:
    assert read(text) == [(1, fields)]


@pytest.mark.parametrize("empty", ["", ",", ",,,,", " , ,\t", '""', '"",""', '" "," \n"', "\u00a0,\u3000"])
def test_a_record_with_nothing_in_it_is_a_blank_line(empty: str) -> None:
    found = records(f"a,b\n{empty}\n{empty}\nc,d")
    assert [record.fields for record in found] == [["a", "b"], ["c", "d"]]


class TestWithMarksThatDoNotMatch:
    """A torn record is complained about once, and no line becomes a record that may be inside of marks."""

    @pytest.mark.parametrize(
        ("torn", "after"),
        [
            # Closed, with text behind.
            ('ann,"Ann" Lee', ""),
            ('ann,"call back\nbob,Bob\n" thanks', ""),
            ('ann,"call back\nbob,Bob\n" thanks', 'eve,Eve\nO"Brien,x\n'),
            # Inner marks that are not doubled, in one line and over several.
            ('ann,"she said "hi" to me"', 'eve,"Eve"\n'),
            ('ann,"she said "hi\nbob,Bob\nthere" to me"', 'eve,"Eve"\n'),
            ('ann,"she said "hi\nbob,Bob\n" to me"', 'eve,"Eve"\n'),
            ('ann,"she said "hi"\nbob,Bob\nto me"', 'eve,"Eve"\n'),
            # Another field begins in the line.
            ('ann,"she "said it","note\nbob,Bob\nby "Jo" and "Al"', 'eve,"Eve"\n'),
            ('ann,"she "said it"\n"note\nbob,Bob\nby "Jo" and "Al"', 'eve,"Eve"\n'),
            # A mark after what looked like the end.
            ('ann,"She wrote "call me", then "no\nbob,Bob\nthanks", end"', 'eve,"Eve"\n'),
            # Doubled marks and single ones.
            ('ann,"she ""said"" "hi\nbob,Bob\n" to me"', 'eve,"Eve"\n'),
            # The note may end in its first line or in its last one.
            ('ann,"call" back\nbob,Bob\ncid,"Cid"', 'eve,"Eve"\n'),
            # Two marks that are not closed.
            ('ann,"call back\nbob,Bob\ncid,"Cid\neve,"Eve"', ""),
            ('ann,"' + "long, " * 30_000 + '" x', ""),
        ],
    )
    def test_reading_goes_on_where_it_is_certainly_outside(self, torn: str, after: str) -> None:
        lines = torn.count("\n") + 1
        found = records(f"a,b\n{torn}\n{after}zoe,Zoe\n")

        assert [record.line for record in found if record.is_torn] == [2]
        assert (found[1].line, found[1].last_line) == (2, lines + 1)
        assert [record.line for record in found[2:]] == list(range(lines + 2, lines + 3 + after.count("\n")))
        assert not {"bob", "cid", "Cid"} & {record.fields[0] for record in found if record.fields}

    @pytest.mark.parametrize("space", ["\t", "\u00a0", " \t "])
    def test_any_space_may_stand_before_an_opening_mark(self, space: str) -> None:
        found = records(f'a,b\nann,{space}"call back\nbob,Bob\nend"{space}\nann,{space}"x, y"\n')

        assert [record.fields for record in found[1:]] == [
            ["ann", "call back\nbob,Bob\nend"],
            ["ann", "x, y"],
        ]

    def test_the_complaint_names_the_lines_that_are_not_read(self) -> None:
        one, several = (record for record in records('"a" b\nc\n"d\ne" f\n') if record.is_torn)
        assert (one.line, one.last_line) == (1, 1)
        assert (several.line, several.last_line) == (3, 4)

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ('a,"b', 1),
            ('"a\nb', 1),
            ('a\nb,"c\nd\n', 2),
            ('a,"b\nc","d\ne', 2),
            # The next mark seems to close it.
            ('a\nb,"c\nd,"D"\ne,E', 2),
            ('a\nb,"c\nd,"D",x\n"e","E"\n"f","F"', 2),
            ('a\n"b" c\nd,"e', 3),
            ('a\nb,"' + "x" * 200_000 + "\nc", 2),
        ],
    )
    def test_a_mark_that_is_never_closed_refuses_the_file_and_is_named(self, text: str, line: int) -> None:
        assert refusal(text.encode()) == f"The quotation mark in line {line} is never closed."


names = st.text(st.sampled_from('ab ,;\t"\n\r\0é\u2028'), max_size=6)


@given(st.lists(st.lists(names, min_size=2, max_size=4), min_size=1, max_size=5), st.sampled_from(",;|\t"))
def test_what_a_program_writes_is_read(rows: list[list[str]], separator: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(rows)

    expected = [row for row in rows if any(field.strip() for field in row)]
    text = f"sep={separator}\n{file.getvalue()}"
    if expected:
        assert [fields for _, fields in read(text)] == expected
    else:
        assert refusal(text.encode()) == "It is empty."


class TestSeparatorLine:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
    def test_the_first_line_may_name_the_separator(self, separator: str, end: str) -> None:
        for line in (
            f"sep={separator}",
            f'"SEP={separator}"',
            f"\ufeffsep={separator}",
            f"sep={separator * 7}",
        ):
            text = end.join([line, "", separator * 3, f'a{separator}b"{separator}"c"'])
            assert read(text) == [(4, ["a", 'b"', "c"])], line

    def test_it_is_an_ordinary_line_elsewhere(self) -> None:
        assert read("a\nsep=;\nb;c") == [(1, ["a"]), (2, ["sep=;"]), (3, ["b;c"])]

    @pytest.mark.parametrize("named", ["", "#", "a", '"', " ", "\0", "\u2003"])
    def test_what_cannot_separate_is_refused(self, named: str) -> None:
        assert "names no separator that can be read" in refusal(f"sep={named}\na".encode())


def test_a_record_knows_where_it_ends() -> None:
    (record,) = records('a,"b\nc\nd"')
    assert (record.line, record.last_line) == (1, 3)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "It is empty."),
        (b"\xef\xbb\xbf \r\n\n", "It is empty."),
        (b",,\n,,\n", "It is empty."),
        (b"sep=;\n;", "It is empty."),
        (b"Email\na@b.c\n\xfc@b.c\n", "not UTF-8 text (line 3)"),
        ("Email".encode("utf-16"), "not UTF-8 text (line 1)"),
        (b"x" * 1_000_000, "line 1 is too long"),
        (b"a\r\nb\rc\n" + b"x" * 3_000_000 + b"\na", "line 4 is too long"),
        (b"a\r" * 70_000 + b"\xff", "not UTF-8 text (line 70,001)"),
        (b'a,"b\n' + b"\xff", "not UTF-8 text (line 2)"),
    ],
)
def test_a_file_that_is_not_csv_is_refused(content: bytes, complaint: str) -> None:
    assert complaint in refusal(content)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_a_large_file_may_have_any_line_ends(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a chunk that is read ends between CR and LF."""
    lines = [f"name {number:07},é" for number in range(80_000)]
    assert len("".join(lines)) > csv_lines.LONGEST_LINE
    monkeypatch.setattr(csv_lines, "_CHUNK", 65_537)
    assert read(end.join(lines)) == [(number, line.split(",")) for number, line in enumerate(lines, 1)]


def test_memory_depends_neither_on_the_file_nor_on_a_field() -> None:
    """Whether a field is one long text over many lines, or there are many records, sound and torn."""
    words = b"many words " * 50
    for line in (words + b"\n", words + b'"\na,"', words + b'"\n"a" b,"'):
        file = io.BytesIO(b'a,"' + line * (2_000_000 // len(line)) + b'"')
        tracemalloc.start()
        for record in read_records(file, check_file(file)):
            del record
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 600_000, line


def test_a_field_beyond_the_longest_is_cut() -> None:
    (record,) = records('a,"' + "line\n" * 100_000 + '",b')
    assert LONGEST_FIELD < len(record.fields[1]) < LONGEST_FIELD + 10
    assert record.fields[2] == "b"


def test_a_line_without_end_is_not_read_to_its_end() -> None:
    class Endless(io.BytesIO):
        left = 2 * csv_lines.LONGEST_LINE

        def read(self, size: int | None = -1) -> bytes:
            assert size
            self.left -= size
            assert 0 < size <= self.left
            return bytes(size)

    with pytest.raises(UnreadableFile, match="line 1 is too long"):
        check_file(Endless())
