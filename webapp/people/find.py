"""Finding a person, and the users that they are."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Person, User, Workspace


def find_person(session: Session, email: str) -> Person | None:
    """The person with this normalized address (`contacts/normal.normalize`)."""
    return session.scalar(select(Person).where(Person.email == email)) if email.isprintable() else None


def active_users(session: Session, person_id: int) -> list[User]:
    """The person's active users, by the names of their accounts."""
    found = (
        select(User)
        .join(Workspace, Workspace.id == User.workspace_id)
        .where(User.person_id == person_id, User.is_active)
        .order_by(Workspace.name, User.id)
    )
    return list(session.scalars(found))
