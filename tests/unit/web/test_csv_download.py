"""A file for spreadsheets: read by them as it was meant, and never as formulas."""

import csv
from collections.abc import Iterator
from io import StringIO

import pytest
from flask import Flask

from webapp.importing.cells import defused
from webapp.web.csv_download import csv_download

# One database is enough for this.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

HARMLESS = ["", "Ann", "a=1", "’=1", "1-2", " =1", "Ünï", 7, -7, None]
FORMULAS = ["=1+1", "+49 30", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"]


def test_a_text_that_looks_like_a_formula_gets_an_apostrophe() -> None:
    assert [defused(text) for text in FORMULAS] == [f"'{text}" for text in FORMULAS]
    assert [defused(cell) for cell in HARMLESS] == HARMLESS


def test_the_file_is_utf8_with_a_mark_and_reads_back_as_it_was(app: Flask) -> None:
    rows: list[list[object]] = [["Ann “Lee”", 'a "quoted", word', "two\nlines"], ["=cmd()", 12, None]]

    with app.test_request_context():
        response = csv_download("things.csv", ["Name", "Words", "More"], iter(rows))
        body = response.get_data()

    assert body.startswith(b"\xef\xbb\xbf")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="things.csv"'
    assert b"\r\n" in body
    read = list(csv.reader(StringIO(body.decode("utf-8-sig"), newline="")))
    assert read == [["Name", "Words", "More"], rows[0], ["'=cmd()", "12", ""]]


def test_rows_are_sent_while_they_are_read(app: Flask) -> None:
    taken: list[int] = []

    def rows() -> Iterator[list[str]]:
        for number in range(2000):
            taken.append(number)
            yield ["x" * 100]

    with app.test_request_context():
        response = csv_download("long.csv", ["Name"], rows())
        assert taken == []
        chunks = response.iter_encoded()
        next(chunks)
        assert 0 < len(taken) < 1000
        rest = b"".join(chunks)

    assert len(taken) == 2000
    assert rest.endswith(b"x\r\n")
