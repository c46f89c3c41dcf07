"""The address that says what a page shows: no buttons, no empty fields, the selection only if asked for."""

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import request, url_for


def address(endpoint: str, names: tuple[str, ...], *, selected: Sequence[int] = ()) -> str:
    """The path of `endpoint` with those of this request's query fields `names` that are filled in.

    `selected` adds the ids of ticked contacts, for a link that must not lose them.
    """
    fields = [(name, request.args[name]) for name in names if request.args.get(name)]
    query = urlencode(fields + [("selected", str(contact_id)) for contact_id in selected])
    return url_for(endpoint) + ("?" + query if query else "")
