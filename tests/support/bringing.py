"""Bringing a file in a test: the upload of a browser, and the form of its preview."""

import io

from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.support.browser import Browser, read_answer
from tests.support.seen import Seen


def bring(browser: Browser, data: bytes, name: str = "people.csv") -> Seen:
    """Choose the file and continue; the page that is there then."""
    fields = {"csrf_token": browser.token(), "file": FileStorage(io.BytesIO(data), name)}
    # Encoded here: the client would leave a temporary file open.
    boundary, body = encode_multipart(fields)
    response = browser.client.post(
        "/contacts/import",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        follow_redirects=True,
    )
    return read_answer(response, htmx=False)


def mapped(page: Seen) -> dict[str, str]:
    """What the preview says each column of the file becomes, by the column's name."""
    found = {}
    for row in page.all(".table-columns tbody tr"):
        name = row.select_one(".cell-name")
        chosen = row.select_one("option[selected]")
        assert name is not None
        found[" ".join(name.get_text().split())] = str(chosen["value"]).partition(":")[2] if chosen else ""
    return found
