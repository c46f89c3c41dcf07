"""Links that work once, in requests: their addresses, and the one that a browser has come by."""

from flask import current_app, has_request_context, request, session

from webapp.extensions import db
from webapp.models import OneTimeLink
from webapp.models.person import Purpose
from webapp.people.links import find_link
from webapp.people.tokens import LinkName
from webapp.worker.one_time import link_address, read_token

__all__ = ["NoPublicUrl", "address_of", "drop_token", "keep_token", "kept_link", "kept_name", "read_token"]

_KEY = "link"


class NoPublicUrl(Exception):
    """PUBLIC_URL is not set, so the address of this site is not known."""


def address_of(link: OneTimeLink) -> str:
    """The absolute address of the link. Raises NoPublicUrl in production without PUBLIC_URL: the host that a
    request names may be a lie."""
    base = current_app.config["PUBLIC_URL"]
    if base is None:
        if current_app.config["PRODUCTION"]:
            raise NoPublicUrl
        port = current_app.config["PORT"] or 5000
        base = request.host_url.rstrip("/") if has_request_context() else f"http://127.0.0.1:{port}"
    return link_address(base, link.purpose, link.id, link.nonce)


def keep_token(token: str) -> None:
    """Keep the token of the address in the session; redirect to the address without it."""
    session[_KEY] = token


def drop_token() -> None:
    """Forget the token: the link is used."""
    session.pop(_KEY, None)


def kept_name() -> LinkName | None:
    """What the kept token says; None if there is none of ours."""
    token = session.get(_KEY)
    return read_token(token) if isinstance(token, str) else None


def kept_link(purpose: Purpose) -> OneTimeLink | None:
    """The link that the browser has come by; None if there is none of this purpose."""
    name = kept_name()
    return find_link(db.session(), name, purpose) if name else None
