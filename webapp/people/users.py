"""Adding users to an account."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp.models import Person, User, UserGroup


def ensure_person(session: Session, email: str, now: datetime) -> Person:
    """The person with this normalized address, added if there is none; in the caller's write transaction.

    The same statements in both cases, so that the time tells nothing. The row is locked against deleting it
    until the transaction ends; two accounts may invite one new address at once.
    """
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    new = insert(Person).values(email=email, created_at=now).on_conflict_do_nothing(index_elements=["email"])
    found = select(Person).where(Person.email == email).with_for_update(read=True, key_share=True)
    for _ in range(3):
        session.execute(new)
        # It can be deleted between the two statements, if its last invitation is withdrawn.
        if person := session.scalar(found):
            return person
    raise RuntimeError("the person is deleted each time it is added")


def add_user(
    session: Session, workspace_id: int, email: str, name: str, groups: Sequence[UserGroup], now: datetime
) -> User:
    """Add an active user with this normalized address, and the person if there is none; in the caller's write
    transaction. Raises IntegrityError if the account has a user with the address."""
    return _add(session, workspace_id, email, name, groups, now, is_active=True)


def add_invited_user(
    session: Session, workspace_id: int, email: str, name: str, groups: Sequence[UserGroup], now: datetime
) -> User:
    """The same for a user who is not active until they have accepted."""
    return _add(session, workspace_id, email, name, groups, now, is_active=False)


def _add(
    session: Session,
    workspace_id: int,
    email: str,
    name: str,
    groups: Sequence[UserGroup],
    now: datetime,
    *,
    is_active: bool,
) -> User:
    person = ensure_person(session, email, now)
    user = User(
        workspace_id=workspace_id,
        person_id=person.id,
        email=email,
        name=name,
        # For the previous release (`webapp/people/passwords.py`).
        password_hash=person.password_hash or "!",
        groups=list(groups),
        is_active=is_active,
        accepted_at=now if is_active else None,
    )
    session.add(user)
    session.flush()
    return user
