"""What every way of signing in ends with: the audit log, the session and the cookie of the browser."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from webapp.models import User
from webapp.models.audit_event import Action, record_visit

# How a person has proved who they are.
PASSWORD, SECOND_FACTOR, RECOVERY_CODE = "password", "second_factor", "recovery_code"


def record_entry(session: Session, users: Sequence[User], now: datetime, proof: str) -> None:
    """The person with these users has signed in; in the caller's write transaction."""
    record_here(session, accounts_of(users), now, Action.SIGNED_IN, **{"with": proof})


def record_here(
    session: Session,
    accounts: Collection[tuple[int | None, int | None]],
    now: datetime,
    action: Action,
    **detail: Any,
) -> None:
    """Record an act of the person who sends this request, in each of these accounts."""
    record_visit(
        session, accounts=accounts, at=now, action=action, network_address=request.remote_addr, **detail
    )


def accounts_of(users: Sequence[User]) -> list[tuple[int | None, int | None]]:
    """The accounts of these users, as the audit log needs them."""
    return [(user.workspace_id, user.id) for user in users]
