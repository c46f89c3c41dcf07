"""A page and its htmx update are one partial with one context; this decides which of the two is sent."""

from typing import Any

from flask import Response, make_response, render_template, request


def is_htmx() -> bool:
    """Whether htmx requests a part of a page. A history restore does not count: it needs a whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def requested_by() -> str:
    """The id of the element for which htmx has sent the request; empty if there is none."""
    return request.headers.get("HX-Trigger", "") if is_htmx() else ""


def page_or_part(page: str, part: str, *, status: int = 200, **context: Any) -> Response:
    """The template `page`, or for htmx its `part`, with the same context."""
    response = make_response(render_template(part if is_htmx() else page, **context), status)
    response.headers["Vary"] = "HX-Request"
    return response


def retarget(response: Response, selector: str) -> Response:
    """Make htmx replace `selector` by `response`, whatever target the requesting element names."""
    response.headers["HX-Retarget"] = selector
    response.headers["HX-Reswap"] = "outerHTML"
    return response
