"""The signature on a scope: what the dialog froze comes back unchanged, or not at all.

It has no time of its own: the scope says when its dialog opened, by the one clock (`Scope.is_old`).
"""

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from webapp.restoring.scope import Scope


class ScopeForged(Exception):
    """This is not a scope that we signed."""


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="restore-scope")


def sign(scope: Scope) -> str:
    """The scope as a text that only this app can make or change."""
    token = _serializer().dumps(scope.to_dict())
    return token.decode() if isinstance(token, bytes) else token


def unsign(token: str) -> Scope:
    """The scope that `sign` signed, in this release or the one before. Raises ScopeForged."""
    try:
        return Scope.from_dict(_serializer().loads(token))
    except (BadData, UnicodeEncodeError, KeyError, TypeError, ValueError) as error:
        raise ScopeForged from error
