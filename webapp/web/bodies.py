"""Requests with an incomplete body are refused: "selected=1234" cut off at "12" is another contact.

A file that is brought is larger than every other body. It is streamed to disk, up to a limit of its own, and
only for those who may bring it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, Response, abort, current_app, request, url_for
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from serving.limits import REFUSED
from webapp.web.access import Access
from webapp.web.errors import error

MIB = 1024 * 1024
# Beside the file a form has a few short fields.
_OTHER_FIELDS = MIB // 16


@dataclass(frozen=True)
class Upload:
    """A route that takes a file: its size in bytes, from whom, and what is said about a larger one."""

    largest: int
    access: Access
    too_large: str


# By endpoint.
UPLOADS: Mapping[str, Upload] = {
    "bring_file": Upload(
        20 * MIB,
        Access.IMPORT,
        "The file is larger than 20 MB. The operator of the app can import a file of any size by the command "
        "“flask --app webapp contacts import FILE.csv”. Nothing was changed.",
    )
}


def init_bodies(app: Flask) -> None:
    """Check the body of each POST before any code reads its form. Must run before the CSRF check."""
    app.before_request(check_body)


def check_body() -> Response | None:
    """Answer 413 to a body that is too large, 400 to one that is cut off, has a field without a name, or a
    file where none is asked for.

    Werkzeug alone would read the part that arrived, or that the limit allowed, as if it were complete.
    """
    refused: int | None = request.environ.get(REFUSED)
    if refused is None and request.method != "POST":
        return None
    upload = UPLOADS.get(request.endpoint or "")
    may_upload = upload and current_user.is_authenticated and upload.access.admits(current_user)
    if refused is not None and not (upload and may_upload and refused == 413):
        abort(refused)
    if upload and may_upload:
        return _too_large(upload) if refused else _check_upload(upload)
    body = request.get_data()
    if len(body) >= current_app.config["MAX_CONTENT_LENGTH"]:
        abort(413)
    if request.content_length not in (None, len(body)) or any(name is None for name in request.form):
        abort(400)
    # A form reads a file in the place of a text as if it were one.
    if upload is None and request.files:
        abort(400)
    return None


def _check_upload(upload: Upload) -> Response | None:
    """Parse the form, whose file goes to disk. Of a form that is cut off Werkzeug keeps nothing, so that it
    has no CSRF token either."""
    request.max_content_length = upload.largest + _OTHER_FIELDS
    try:
        if any(name is None for name in request.form):
            abort(400)
    except RequestEntityTooLarge:
        return _too_large(upload)
    return None


def _too_large(upload: Upload) -> Response:
    return error(413, upload.too_large, back=(url_for("import_file"), "Choose another file"))
