"""Queries that hold bytes which no browser sends: Werkzeug decodes a query as UTF-8 and fails at others.

Written in percent, as a browser writes them, they are values that cannot be read, and each field says so.
"""

import string
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_AS_IT_IS = string.punctuation + string.ascii_letters + string.digits


def with_plain_query(app: "WSGIApplication") -> "WSGIApplication":
    """The app, for which every byte of the query that is not printable ASCII is written in percent."""

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> "Iterable[bytes]":
        query = environ.get("QUERY_STRING", "")
        if not (query.isascii() and query.isprintable()):
            environ["QUERY_STRING"] = quote_from_bytes(query.encode("latin-1"), safe=_AS_IT_IS)
        return app(environ, start)

    return answer
