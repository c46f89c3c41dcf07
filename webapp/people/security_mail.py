"""Telling a person by mail what has changed about their sign-in: so they learn of it if it was not they.

*Tell.*  The transaction that changes something writes what it was, by whom, when and from which browser.
*Take.*  The worker takes it, and sends it at most once (`webapp/people/outgoing.py`). Without a mail server
         it expires.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.models import SecurityNotice
from webapp.models.audit_event import Action
from webapp.people.find import active_users
from webapp.people.outgoing import Outgoing
from webapp.people.passwords import lock_person
from webapp.people.sessions import BROWSER_LENGTH

# While the mail server is away. A person who learns of it later than this has signed in since.
GOOD_FOR = timedelta(days=7)
# A stranger who keeps trying passwords cannot fill a mailbox.
LIMIT_TOLD_EVERY = timedelta(days=1)
NOTICES = Outgoing(SecurityNotice)


class By(StrEnum):
    """Who has changed it."""

    PERSON = "person"
    # Who had the link of a message for a new password.
    LINK = "link"
    ADMIN = "admin"
    OPERATOR = "operator"
    STRANGER = "stranger"


@dataclass(frozen=True)
class NoticeMail:
    """All that the message is made of. A later release may know further actions, and others who act."""

    notice_id: int
    action: str
    by: str
    browser: str
    to_email: str
    created_at: datetime


def tell_person(
    session: Session,
    person_id: int | None,
    action: Action,
    now: datetime,
    *,
    by: By,
    browser: str = "",
) -> None:
    """Have the person told of a change, in the transaction that makes it. With None the same is written, and
    no one is told."""
    session.add(
        SecurityNotice(
            person_id=person_id,
            action=action.value,
            by=by.value,
            created_at=now,
            browser=browser[:BROWSER_LENGTH],
            expires_at=now + GOOD_FOR,
            mail_at=now,
        )
    )


def take_notice(session: Session, notice_id: int, now: datetime) -> NoticeMail | None:
    """Take a notice that is due; None if another process was first, or no one is to be told: the person is
    unknown, can sign in nowhere, or has just been told of the same limit."""
    with write_transaction(session):
        if not NOTICES.take(session, notice_id, now):
            return None
        table = SecurityNotice.__table__
        notice = session.execute(select(table).where(table.c.id == notice_id)).one()
        person = lock_person(session, notice.person_id) if notice.person_id else None
        if person is None or not active_users(session, person.id) or _was_told(session, notice):
            forget = update(SecurityNotice).where(SecurityNotice.id == notice_id).values(sent_at=None)
            execute_update(session, forget)
            return None
        return NoticeMail(
            notice_id=notice.id,
            action=notice.action,
            by=notice.by,
            browser=notice.browser,
            to_email=person.email,
            created_at=notice.created_at,
        )


def erase_old_notices(session: Session) -> int:
    """Forget the notices that have expired; returns how many."""
    old = SecurityNotice.expires_at < read_clock(session)
    if session.scalar(select(SecurityNotice.id).where(old).limit(1)) is None:
        session.rollback()
        return 0
    with write_transaction(session):
        return execute_update(session, delete(SecurityNotice).where(old))


def _was_told(session: Session, notice: Row[Any]) -> bool:
    if notice.action != Action.SIGN_IN_LIMITED.value:
        return False
    same = (
        SecurityNotice.person_id == notice.person_id,
        SecurityNotice.action == notice.action,
        SecurityNotice.id != notice.id,
        SecurityNotice.sent_at > notice.created_at - LIMIT_TOLD_EVERY,
    )
    return session.scalar(select(SecurityNotice.id).where(*same).limit(1)) is not None
