"""The address that says what a page shows, and nothing else: no selection, no buttons, no empty fields."""

from urllib.parse import urlencode

from flask import request, url_for


def address(endpoint: str, names: tuple[str, ...]) -> str:
    """The path of `endpoint` with those of this request's query fields `names` that are filled in."""
    filled = {name: request.args[name] for name in names if request.args.get(name)}
    query = urlencode(filled)
    return url_for(endpoint) + ("?" + query if query else "")
