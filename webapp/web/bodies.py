"""Requests with an incomplete body are refused: "selected=1234" cut off at "12" is another contact."""

from flask import Flask, Response, abort, current_app, request
from gunicorn.http.errors import ParseException

from webapp.web.errors import error


def init_bodies(app: Flask) -> None:
    """Check the body of each POST before any code reads its form. Must run before the CSRF check."""
    app.before_request(check_body)
    app.register_error_handler(ParseException, on_broken_chunk)


def check_body() -> None:
    """Answer 413 to a body that is too large, 400 to one that is cut off or has a field without a name.

    Werkzeug alone would read the part that arrived, or that the limit allowed, as if it were complete.
    """
    if request.method != "POST":
        return
    body = request.get_data()
    if len(body) >= current_app.config["MAX_CONTENT_LENGTH"]:
        abort(413)
    if request.content_length not in (None, len(body)) or any(name is None for name in request.form):
        abort(400)


def on_broken_chunk(_problem: ParseException) -> Response:
    """The server parses a chunked body only while the app reads it, so its errors are raised here."""
    return error(400)
