"""The address that says what a page shows: no buttons, no empty fields, the selection only if asked for."""

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import request, url_for

CURSORS = ("after", "before")
# Half of what the web server takes: on the way to the sign-in page an address is quoted once more.
LONGEST_NEXT = 4000


def address(
    endpoint: str, names: tuple[str, ...], *, selected: Sequence[int] = (), first_page: bool = False
) -> str:
    """The path of `endpoint` with those of this request's query fields `names` that are filled in.

    `selected` adds the ids of ticked contacts, for a link that must not lose them. Of the `first_page` of a
    table the address has no cursor: the one that was asked for may have led to rows that have gone since.
    """
    wanted = [name for name in names if request.args.get(name) and not (first_page and name in CURSORS)]
    fields = [(name, request.args[name]) for name in wanted]
    query = urlencode(fields + [("selected", str(contact_id)) for contact_id in selected])
    return url_for(endpoint) + ("?" + query if query else "")


def our_path(target: str | None) -> str | None:
    """`target` if it is a path of ours: nobody is sent elsewhere by a link or form that looks like ours.

    Browsers read a backslash as a slash and leave control characters out, so these count as well. One that is
    too long for the web server would lead nowhere.
    """
    if not target or len(target) > LONGEST_NEXT or not target.isprintable():
        return None
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else None
