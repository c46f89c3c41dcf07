"""Browsers that have signed in before. They keep their own budgets of attempts, so a stranger who uses up the
others locks no one out (OWASP, "Device cookies").

The cookie is signed, says nothing but who has signed in with the browser, and who of them with a code of the
second factor. It outlives signing out, and is no credential: without the password it gives nothing but
another ten attempts.
"""

import secrets

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from webapp.web.signatures import timed_serializer
from webapp.worker.one_time import secret_keys

# Browsers keep no cookie for longer than 400 days.
KEPT_FOR = 400 * 24 * 3600
# A browser at a shared desk knows its last ones.
MOST_PERSONS = 8


def known_device(person_id: int | None) -> str | None:
    """Which of the person's browsers this is; None if they have not signed in with it."""
    device, persons, _ = _read()
    return device if person_id in persons else None


def proved_device(person_id: int) -> str | None:
    """The same; None also if they have not proved their second factor with it."""
    device, _, proved = _read()
    return device if person_id in proved else None


def remember_device(response: Response, person_id: int, *, proved: bool = False) -> None:
    """The person has signed in with this browser; `proved`: with their second factor."""
    device, persons, provers = _read()
    persons = [person_id, *(person for person in persons if person != person_id)][:MOST_PERSONS]
    if proved:
        provers = [person_id, *provers]
    token = _serializer().dumps(
        [device or secrets.token_hex(8), persons, [person for person in persons if person in provers]]
    )
    response.set_cookie(
        _name(),
        token.decode() if isinstance(token, bytes) else token,
        max_age=KEPT_FOR,
        path="/",
        secure=bool(current_app.config["PRODUCTION"]),
        httponly=True,
        samesite="Lax",
    )


def _read() -> tuple[str | None, list[int], list[int]]:
    """The browser, who has signed in with it, and who of them with their second factor."""
    try:
        # The previous release does not write the third, and takes a cookie with it for none.
        device, persons, *rest = _serializer().loads(request.cookies.get(_name(), ""), max_age=KEPT_FOR)
    except (BadData, UnicodeEncodeError, TypeError, ValueError):
        return None, [], []
    return device, persons, rest[0] if rest else []


def _name() -> str:
    # A browser takes a cookie of this name only over HTTPS, from this host, and for all of its paths.
    return "__Host-device" if current_app.config["PRODUCTION"] else "device"


def _serializer() -> URLSafeTimedSerializer:
    return timed_serializer(secret_keys(), "device")
