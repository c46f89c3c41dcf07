"""The address of what a page shows: without buttons and empty fields, with the selection only on request."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

CURSORS = ("after", "before")
# Half of what the web server accepts: the redirect to the sign-in page quotes the address once more.
LONGEST_NEXT = 4000


def address(
    endpoint: str,
    names: tuple[str, ...],
    *,
    selected: Sequence[int] = (),
    first_page: bool = False,
    **arguments: Any,
) -> str:
    """The path of `endpoint`, with the ids `arguments` in it, and with those of the query fields `names` that
    this request has filled in.

    `selected` adds the ids of selected rows, for a link that must not lose them. With `first_page` the
    address has no cursor: the one of this request may lead to rows that no longer exist.
    """
    wanted = [name for name in names if request.args.get(name) and not (first_page and name in CURSORS)]
    fields = [(name, request.args[name]) for name in wanted]
    # A comma means nothing in a query, and separates the numbers of deletions.
    query = urlencode(fields + [("selected", str(row_id)) for row_id in selected], safe=",")
    return url_for(endpoint, **arguments) + ("?" + query if query else "")


def with_field(path: str, name: str, value: str) -> str:
    """The path, which may have a query, with one more field in it."""
    return f"{path}{'&' if '?' in path else '?'}{urlencode({name: value})}"


def local_path(target: str | None) -> str | None:
    """`target` if it is a path of this app, else None, so that no link or form redirects to another site.

    Browsers read a backslash as a slash and drop control characters, so both are refused, as is a path that
    is too long for the web server.
    """
    if not target or len(target) > LONGEST_NEXT or not target.isprintable():
        return None
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else None
