"""Adding users to an account."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from webapp.models import Person, User, UserGroup
from webapp.people.find import find_person


def add_user(
    session: Session, workspace_id: int, email: str, name: str, groups: Sequence[UserGroup], now: datetime
) -> User:
    """Add an active user with this normalized address, and the person if there is none; in the caller's write
    transaction. Raises IntegrityError if the account has a user with the address."""
    person = find_person(session, email)
    if person is None:
        person = Person(email=email, created_at=now)
        session.add(person)
        session.flush()
    user = User(
        workspace_id=workspace_id,
        person_id=person.id,
        email=email,
        name=name,
        password_hash=person.password_hash or "!",
        groups=list(groups),
        accepted_at=now,
    )
    session.add(user)
    session.flush()
    return user
