"""Reading tables of other programs: any chunks, any size, and the fields that Google packs."""

import csv
import io
import tracemalloc
from typing import BinaryIO, cast

from hypothesis import example, given
from hypothesis import strategies as st

from webapp.importing import csv_lines
from webapp.importing.consent import refusal_in
from webapp.importing.fields import Field
from webapp.importing.reading import About, look
from webapp.models.mailing_list import SubscriptionStatus

CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6)


class Chunked(io.BytesIO):
    """A file that returns chunks of other sizes than it is asked for."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(data)
        self._sizes = sizes

    def read(self, size: int | None = -1) -> bytes:
        self._sizes = [*self._sizes[1:], self._sizes[0]]
        return super().read(self._sizes[0])


# The first byte of UTF-16 alone is no character yet.
@example(rows=[["", "x"]], sizes=[1], separator=",", end="\n", encoding="utf-16")
@given(
    rows=ROWS,
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read(
    rows: list[list[str]], sizes: list[int], separator: str, end: str, encoding: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["Email", "First Name"], *rows])

    # Detecting looks at the beginning as a whole.
    layout = look(io.BytesIO(text.getvalue().encode(encoding)))
    read = [list(each.fields) for each in layout.records()]
    in_chunks = list(
        csv_lines.read_lines(Chunked(text.getvalue().encode(encoding), sizes), layout.about.encoding)
    )

    assert read == [row for row in rows if any(cell.strip() for cell in row)]
    assert "".join(in_chunks) == text.getvalue()


class Long(io.RawIOBase):
    """A table of `rows` rows that is made while it is read, and again after each `seek`."""

    HEADER = "Email,First Name,Notes\n".encode("cp1252")
    ROW = f'ann@example.org,Jürgen,"A note, {"of " * 5_000}\ntwo lines"\n'.encode("cp1252")

    def __init__(self, rows: int) -> None:
        self._rows, self._left, self._rest = rows, 0, b""

    def seek(self, offset: int, whence: int = 0) -> int:
        self._left, self._rest = self._rows, self.HEADER
        return 0

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and self._left:
            some = min(10, self._left)
            self._rest += self.ROW * some
            self._left -= some
        chunk, self._rest = self._rest[:size], self._rest[size:]
        return chunk


def test_a_file_of_any_size_takes_little_memory() -> None:
    rows = 30_000_000 // len(Long.ROW)
    tracemalloc.start()
    try:
        read = sum(1 for _ in look(cast(BinaryIO, Long(rows))).records())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert read == rows
    assert peak < 2_000_000


def test_of_several_values_in_a_field_of_google_the_first_counts_and_labels_are_tags() -> None:
    data = (
        "First Name,Labels,E-mail 1 - Label,E-mail 1 - Value,Notes\n"
        "Ann,* myContacts ::: * Family ::: * VIP,* Work,ann@example.org ::: ann@example.com,a ::: b\n"
        "Bob,* myContacts,,bob@example.org,\n"
        'Cy,"Work;Friends",,cy@example.org\n'
    )

    records = [each.fields for each in look(io.BytesIO(data.encode())).records()]

    assert [each[1] for each in records] == ["Family;VIP", "", "Work;Friends"]
    assert [each[3] for each in records] == ["ann@example.org", "bob@example.org", "cy@example.org"]
    assert records[0][4] == "a ::: b"


def test_a_table_that_is_not_googles_is_left_as_it_is() -> None:
    data = b"Email,Tags\nann@example.org,* myContacts ::: * VIP\n"

    [record] = look(io.BytesIO(data)).records()

    assert record.fields[1] == "* myContacts ::: * VIP"


def test_lines_are_numbered_as_in_an_editor_and_torn_records_are_faults() -> None:
    data = b'sep=;\r\nEmail;Name\r\n\r\nann@example.org;"Two\r\nlines"\r\n"a"b;c\r\nbob@example.org;Bob\r\n'

    records = list(look(io.BytesIO(data)).records())

    assert [(each.line, each.last_line, each.fault) for each in records] == [
        (4, 5, None),
        (6, 6, {"code": "torn_quote"}),
        (7, 7, None),
    ]


def test_what_a_file_is_can_be_stored_and_a_later_release_may_know_more() -> None:
    about = About("google", "cp1252", True, ["Müller"], ";", 12, {"0": "email"})

    assert About.from_json({**about.to_json(), "unknown": 1}) == about


def test_what_other_programs_say_about_consent_is_honoured() -> None:
    unsubscribed, bounced = SubscriptionStatus.UNSUBSCRIBED, SubscriptionStatus.BOUNCED

    for cell in ("true", "TRUE", "Yes", "1", "2024-03-01 10:00:00", "x"):
        assert refusal_in(Field.OPTED_OUT, cell) is unsubscribed
    for cell in ("", "false", " No ", "0", "-"):
        assert refusal_in(Field.OPTED_OUT, cell) is None
    for cell, status in [
        ("Active", None),
        ("Subscribed", None),
        ("Unsubscribed", unsubscribed),
        ("Opted  out", unsubscribed),
        ("Bounced", bounced),
        ("Cleaned", bounced),
        ("Unconfirmed", SubscriptionStatus.UNCONFIRMED),
    ]:
        assert refusal_in(Field.STATUS, cell) is status
