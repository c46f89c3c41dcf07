"""Who wants to sign in, and whether they may. The same is read and written whether or not there is such a
person."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Person, User
from webapp.models.audit_event import Refused
from webapp.passwords import Checked
from webapp.people.find import active_users
from webapp.people.passwords import lock_person, renew_hash


@dataclass(frozen=True)
class Candidate:
    """What is known of the person with an address before the password is checked. Nothing, if there is
    none."""

    person_id: int | None
    password_hash: str | None
    # The ids of workspace and user: what the audit log needs.
    accounts: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Admitted:
    """A person whose password was right."""

    person: Person
    # The accounts that they can choose between; at least one.
    users: list[User]


def find_candidate(session: Session, email: str) -> Candidate:
    """Who has this normalized address; one statement."""
    if not email.isprintable():
        return Candidate(None, None, ())
    rows = session.execute(
        select(Person.id, Person.password_hash, User.workspace_id, User.id)
        .outerjoin(User, User.person_id == Person.id)
        .where(Person.email == email)
    ).all()
    accounts = tuple((workspace_id, user_id) for _, _, workspace_id, user_id in rows if user_id)
    return Candidate(rows[0][0], rows[0][1], accounts) if rows else Candidate(None, None, ())


def admit(session: Session, candidate: Candidate, checked: Checked, now: datetime) -> Admitted | Refused:
    """Whether the person may sign in, in the caller's write transaction: not if the password has been changed
    since it was checked, nor if none of their users is active."""
    if candidate.person_id is None:
        return Refused.UNKNOWN
    if candidate.password_hash is None:
        return Refused.NO_PASSWORD
    if not checked.matches:
        return Refused.PASSWORD
    person = lock_person(session, candidate.person_id)
    if person is None or person.password_hash != candidate.password_hash:
        return Refused.PASSWORD
    users = active_users(session, person.id)
    if not users:
        return Refused.DISABLED
    if checked.renewed:
        renew_hash(session, person, checked.renewed)
    return Admitted(person, users)
