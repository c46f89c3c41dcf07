"""What every way of signing in ends with: the audit log, the session and the cookie of the browser."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from webapp.models import User
from webapp.models.audit_event import Action, record_visit
from webapp.people.security_mail import By, tell_person

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


def tell_person_here(
    session: Session, person_id: int | None, action: Action, now: datetime, *, by: By
) -> None:
    """Have the person told by mail of what this request does to their sign-in, in the caller's write
    transaction."""
    tell_person(session, person_id, action, now, by=by, browser=request.headers.get("User-Agent", ""))


def accounts_of(users: Sequence[User]) -> list[tuple[int | None, int | None]]:
    """The accounts of these users, as the audit log needs them."""
    return [(user.workspace_id, user.id) for user in users]
