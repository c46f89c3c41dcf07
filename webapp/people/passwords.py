"""Storing a person's password."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.models import Person, User


def store_password(session: Session, person: Person, password_hash: str, now: datetime) -> None:
    """Replace the person's password, in the caller's write transaction.

    Their users get the hash, too: the previous release, which may still run beside this one, reads it there.
    """
    person.password_hash, person.password_changed_at = password_hash, now
    session.execute(update(User).where(User.person_id == person.id).values(password_hash=password_hash))
