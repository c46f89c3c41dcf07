"""Rows as a part of a CSV file: RFC 4180, in UTF-8; the first part begins with a byte order mark, by which
spreadsheets recognise it. A text that a spreadsheet would take for a formula is defused.
"""

import csv
from collections.abc import Iterable
from io import StringIO

from webapp.exporting.source import Cells
from webapp.importing.cells import defused

BYTE_ORDER_MARK = "\ufeff"


def part(rows: Iterable[Cells], *, header: Cells | None = None) -> bytes:
    """The rows as bytes; with a `header` they are the beginning of the file."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    if header is not None:
        text.write(BYTE_ORDER_MARK)
        writer.writerow(header)
    writer.writerows(map(defused, row) for row in rows)
    return text.getvalue().encode()
