"""A page and its update are one partial with one context: this decides which of the two goes out."""

from typing import Any

from flask import Response, make_response, render_template, request


def is_htmx() -> bool:
    """Whether htmx asks, for a part of a page. A history restore wants the whole page and does not count."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def page_or_part(page: str, part: str, *, status: int = 200, **context: Any) -> Response:
    """The template `page`, or for htmx its `part`, with one and the same context."""
    response = make_response(render_template(part if is_htmx() else page, **context), status)
    response.headers["Vary"] = "HX-Request"
    return response


def retarget(response: Response, selector: str) -> Response:
    """Let htmx put `response` in the place of `selector`, whatever the element that asked had in mind."""
    response.headers["HX-Retarget"] = selector
    response.headers["HX-Reswap"] = "outerHTML"
    return response
