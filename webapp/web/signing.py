"""The signature on a scope: what the dialog froze comes back unchanged, or not at all."""

from flask import current_app
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from webapp.restoring.scope import Scope

GOOD_FOR_SECONDS = 30 * 60


class ScopeExpired(Exception):
    """The dialog has been open for more than 30 minutes."""


class ScopeForged(Exception):
    """This is not a scope that we signed."""


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="restore-scope")


def sign(scope: Scope) -> str:
    token = _serializer().dumps(scope.to_dict())
    return token.decode() if isinstance(token, bytes) else token


def unsign(token: str) -> Scope:
    """The scope that `sign` signed. Raises ScopeExpired or ScopeForged."""
    try:
        return Scope.from_dict(_serializer().loads(token, max_age=GOOD_FOR_SECONDS))
    except SignatureExpired as error:
        raise ScopeExpired from error
    except (BadData, UnicodeEncodeError) as error:
        raise ScopeForged from error
    except (KeyError, TypeError, ValueError) as error:
        # Signed, but of another shape: by an earlier version of the app, so it is old as well.
        raise ScopeExpired from error
