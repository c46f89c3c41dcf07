"""Which links wait to be mailed, and who asked for one.

*Ask.*   The web writes down the address for which a new password is asked for, known or not.
*Look.*  The worker looks who that is, and makes a link for a person who can sign in.
*Take.*  A short transaction takes a link: from then on its message counts as sent, and is sent at most once.
*Send.*  The mail server gets it, outside of any transaction. What it certainly does not have is put back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.database import execute_update, write_transaction
from webapp.models import OneTimeLink, Person, ResetRequest, User, Workspace
from webapp.models.audit_event import Action, record_visit
from webapp.models.person import Purpose
from webapp.people.find import active_users, find_person
from webapp.people.links import make_link
from webapp.people.outgoing import AT_ONCE, Outgoing
from webapp.people.security_mail import NOTICES

# A request that no worker has looked at for so long is forgotten: its person has given up.
ASKED_FOR = timedelta(hours=1)
# One that asks again so soon gets no other link.
JUST_SENT = timedelta(minutes=5)
LINKS = Outgoing(OneTimeLink, OneTimeLink.used_at.is_(None))


@dataclass(frozen=True)
class LinkMail:
    """All that the message with a link is made of. `workspace_name` is that of an invitation's account."""

    link_id: int
    nonce: str
    purpose: Purpose
    to_email: str
    to_name: str
    workspace_name: str | None
    created_at: datetime
    expires_at: datetime


def ask_for_reset(session: Session, email: str, now: datetime, *, network_address: str | None) -> None:
    """Write down that the person with this normalized address, if there is one, needs a new password; in the
    caller's write transaction. Ring for the mail after the commit."""
    session.add(ResetRequest(email=email, asked_at=now, network_address=network_address))
    session.flush()


def anything_to_mail(session: Session, now: datetime) -> bool:
    """Whether a request waits to be looked at, or a link or a notice to be sent."""
    if session.scalar(select(ResetRequest.id).limit(1)) is not None:
        return True
    return any(waiting.due(session, now, most=1) for waiting in (LINKS, NOTICES))


def make_requested(session: Session, now: datetime) -> int:
    """Look at some of the requests, oldest first, and make their links; returns how many it looked at. An
    address that was asked for twice gets one link."""
    with write_transaction(session):
        found = session.execute(
            select(ResetRequest.id, ResetRequest.email, ResetRequest.asked_at, ResetRequest.network_address)
            .order_by(ResetRequest.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        execute_update(session, delete(ResetRequest).where(ResetRequest.id.in_([row.id for row in found])))
        asked = {row.email: row.network_address for row in found if now - row.asked_at < ASKED_FOR}
        for email, network_address in asked.items():
            person = find_person(session, email)
            users = active_users(session, person.id) if person else []
            if person is None or not users or _has_new_link(session, person, now):
                continue
            make_link(session, person, Purpose.RESET, now, by_mail=True)
            record_visit(
                session,
                accounts=[(user.workspace_id, user.id) for user in users],
                at=now,
                action=Action.RESET_REQUESTED,
                network_address=network_address,
            )
    return len(found)


def _has_new_link(session: Session, person: Person, now: datetime) -> bool:
    """Whether they were sent a link a moment ago. It stays good, or a stranger who keeps asking would end
    each link before the person has opened it."""
    new = select(OneTimeLink.id).where(
        OneTimeLink.person_id == person.id,
        OneTimeLink.purpose == Purpose.RESET,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > now,
        OneTimeLink.created_at > now - JUST_SENT,
    )
    return session.scalar(new.limit(1)) is not None


def take(session: Session, link_id: int, now: datetime) -> LinkMail | None:
    """Take a link whose message is due; None if another process was first, or the link has ended."""
    with write_transaction(session):
        if not LINKS.take(session, link_id, now):
            return None
        row = session.execute(
            select(OneTimeLink, Person.email, User.name, Workspace.name.label("workspace_name"))
            .join(Person, Person.id == OneTimeLink.person_id)
            .outerjoin(User, User.id == OneTimeLink.user_id)
            .outerjoin(Workspace, Workspace.id == User.workspace_id)
            .where(OneTimeLink.id == link_id)
        ).one()
        link = row.OneTimeLink
        return LinkMail(
            link_id=link.id,
            nonce=link.nonce,
            purpose=link.purpose,
            to_email=row.email,
            to_name=row.name or "",
            workspace_name=row.workspace_name,
            created_at=link.created_at,
            expires_at=link.expires_at,
        )
