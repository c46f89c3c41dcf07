"""The signature on a scope: what the dialog froze comes back unchanged, or not at all."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from webapp.restoring.scope import Scope

GOOD_FOR = timedelta(minutes=30)


class ScopeForged(Exception):
    """This is not a scope that we signed, or one that an earlier version of the app signed."""


@dataclass(frozen=True)
class Confirmation:
    """What a dialog froze, and whether it has been open for more than 30 minutes (rule 6)."""

    scope: Scope
    is_old: bool


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="restore-scope")


def sign(scope: Scope) -> str:
    """The scope as a text that nobody else can make or change, with the moment of signing in it."""
    token = _serializer().dumps(scope.to_dict())
    return token.decode() if isinstance(token, bytes) else token


def unsign(token: str) -> Confirmation:
    """The scope that `sign` signed. Raises ScopeForged."""
    try:
        data, signed_at = _serializer().loads(token, return_timestamp=True)
        age = datetime.now(UTC) - signed_at
        return Confirmation(Scope.from_dict(data), is_old=age > GOOD_FOR)
    except (BadData, UnicodeEncodeError, KeyError, TypeError, ValueError) as error:
        raise ScopeForged from error
