"""The signature on a scope: the browser returns what the dialog froze, and a changed scope is refused.

The signature has no time-stamp: the scope holds the time at which its dialog opened (`Scope.is_old`).
"""

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from webapp.restoring.scope import Scope


class ScopeForged(Exception):
    """This is not a scope that we signed."""


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="restore-scope")


def sign(scope: Scope) -> str:
    """The scope as a signed text. Only this app can make or change it."""
    token = _serializer().dumps(scope.to_dict())
    return token.decode() if isinstance(token, bytes) else token


def unsign(token: str) -> Scope:
    """The scope that `sign` signed, in this release or the one before. Raises ScopeForged."""
    try:
        return Scope.from_dict(_serializer().loads(token))
    except (BadData, UnicodeEncodeError, KeyError, TypeError, ValueError) as error:
        raise ScopeForged from error
