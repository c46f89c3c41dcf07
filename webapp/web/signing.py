"""Signatures: the browser returns what a dialog froze, and what was changed is refused.

A restore's scope has a signature of its own (`sign`); every other kind of job has a `Confirmation`. Each is
for the user who opened the dialog, in whichever session: the form's token binds it to one. The signature has
no time-stamp: what is signed holds the time at which its dialog opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from flask_login import current_user
from itsdangerous import BadData

from webapp.restoring.scope import GOOD_FOR, Scope
from webapp.web.signatures import serializer
from webapp.worker.one_time import secret_keys


class ScopeForged(Exception):
    """This is nothing that we signed, or not for this user."""


def signed(value: object, salt: str) -> str:
    """A value of JSON as a signed text. Only this app can make or change it, and only with this salt."""
    token = serializer(secret_keys(), salt).dumps(value)
    return token.decode() if isinstance(token, bytes) else token


def read_signed(token: str, salt: str) -> Any:
    """What `signed` has signed, with this key or a former one. Raises ScopeForged."""
    try:
        return serializer(secret_keys(), salt).loads(token)
    except (BadData, UnicodeEncodeError) as error:
        raise ScopeForged from error


def sign(scope: Scope) -> str:
    """The scope as a signed text, for the form of the dialog: only the signed-in user can confirm it."""
    return signed([current_user.id, scope.to_dict()], "restore-scope")


def unsign(token: str) -> Scope:
    """The scope that `sign` has signed for the signed-in user. Raises ScopeForged."""
    try:
        user_id, scope = read_signed(token, "restore-scope")
        if user_id != current_user.id:
            raise ScopeForged
        return Scope.from_dict(scope)
    except (KeyError, TypeError, ValueError) as error:
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
    return signed(frozen, f"confirmation-{kind}")


def confirmed(kind: str, token: str) -> Confirmation:
    """What `freeze` has signed for the signed-in user. Raises ScopeForged."""
    try:
        workspace_id, user_id, key, opened_at, request = read_signed(token, f"confirmation-{kind}")
        if (workspace_id, user_id) != (current_user.workspace_id, current_user.id):
            raise ScopeForged
        return Confirmation(key, datetime.fromisoformat(opened_at), request)
    except (TypeError, ValueError) as error:
        raise ScopeForged from error
