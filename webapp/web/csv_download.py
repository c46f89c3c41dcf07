"""A table as a CSV file, sent row by row: RFC 4180, in UTF-8 with a byte order mark, by which spreadsheets
recognise it. A text that a spreadsheet would take for a formula is defused.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from flask import Response, stream_with_context

from webapp.importing.cells import defused

BYTE_ORDER_MARK = "\ufeff"
# Sent at once: a chunk for each row would cost more than the row.
CHUNK = 32_000


def csv_download(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A response that a browser saves as `name`. `rows` may be a generator that reads the database: it runs
    while the response is sent. If it fails, the connection is cut, so that no file looks complete.
    """
    response = Response(stream_with_context(_chunks(header, rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _chunks(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    text = StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        writer.writerow([defused(cell) for cell in row])
        if text.tell() > CHUNK:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
