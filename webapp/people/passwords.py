"""Storing a person's password, and what a new one ends."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.models import Person, User, Workspace
from webapp.models.person import Purpose
from webapp.people.links import end_links
from webapp.people.sessions import end_all


def store_password(session: Session, person: Person, password_hash: str, now: datetime) -> None:
    """Replace the person's password, in the caller's write transaction."""
    person.password_changed_at = now
    renew_hash(session, person, password_hash)


def renew_hash(session: Session, person: Person, password_hash: str) -> None:
    """Store another hash of the same password.

    Their users get the hash, too: the previous release, which may still run beside this one, reads it there.
    """
    person.password_hash = password_hash
    session.execute(update(User).where(User.person_id == person.id).values(password_hash=password_hash))


def replace_password(
    session: Session, person: Person, password_hash: str, now: datetime, *, but: int | None = None
) -> int:
    """Give the person another password, in the caller's write transaction. All of their sessions end, but the
    one with the id `but`, and so do open links for a new password. Returns how many sessions have ended."""
    store_password(session, person, password_hash, now)
    end_links(session, person.id, Purpose.RESET, now)
    return end_all(session, person.id, but=but)


def lock_person(session: Session, person_id: int) -> Person | None:
    """The person as they are now, locked until the transaction ends: who signs in and who changes a password,
    or a second factor, wait for each other."""
    return session.scalar(
        select(Person).where(Person.id == person_id).with_for_update(key_share=True),
        execution_options={"populate_existing": True},
    )


def names_of(session: Session, person: Person) -> list[str]:
    """What a stranger knows about the person, which their password may not consist of."""
    rows = session.execute(
        select(User.name, Workspace.name)
        .join(Workspace, Workspace.id == User.workspace_id)
        .where(User.person_id == person.id)
    )
    return [person.email, *(name for row in rows for name in row)]
