"""Signatures: the browser returns what a dialog froze, and what was changed is refused.

A restore's scope has a signature of its own (`sign`); every other kind of job has a `Confirmation`. The
signature has no time-stamp: what is signed holds the time at which its dialog opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import current_app
from flask_login import current_user
from itsdangerous import BadData, URLSafeSerializer

from webapp.restoring.scope import GOOD_FOR, Scope


class ScopeForged(Exception):
    """This is nothing that we signed, or not for this user."""


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


@dataclass(frozen=True)
class Confirmation:
    """What a dialog froze: the `request` of a job in the terms of its kind, and its idempotency key."""

    key: str
    opened_at: datetime
    request: dict[str, Any]

    def is_old(self, now: datetime) -> bool:
        """Whether the dialog has been open for too long at `now`."""
        return now - self.opened_at > GOOD_FOR


def freeze(kind: str, request: Mapping[str, Any], now: datetime) -> str:
    """A request as a signed text, with a new key, for the form of the dialog: only the signed-in user can
    confirm it, and only for this kind of job."""
    frozen = [current_user.workspace_id, current_user.id, str(uuid4()), now.isoformat(), dict(request)]
    token = _confirmations(kind).dumps(frozen)
    return token.decode() if isinstance(token, bytes) else token


def confirmed(kind: str, token: str) -> Confirmation:
    """What `freeze` has signed for the signed-in user. Raises ScopeForged."""
    try:
        workspace_id, user_id, key, opened_at, request = _confirmations(kind).loads(token)
        if (workspace_id, user_id) != (current_user.workspace_id, current_user.id):
            raise ScopeForged
        return Confirmation(key, datetime.fromisoformat(opened_at), request)
    except (BadData, UnicodeEncodeError, TypeError, ValueError) as error:
        raise ScopeForged from error


def _confirmations(kind: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"confirmation-{kind}")
