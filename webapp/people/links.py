"""Links that work once and for a while: for a new password, and for accepting an invitation.

A link is a row with a random nonce. Its token names both and is signed (`webapp/people/tokens.py`), so what
has only the row's id can compose the message, and a stolen table gives no link to anyone who has no key.
"""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.models import OneTimeLink, Person, User
from webapp.models.person import Purpose
from webapp.people.tokens import LinkName

GOOD_FOR = {Purpose.RESET: timedelta(hours=1), Purpose.INVITATION: timedelta(days=7)}
# For so long after its end a link is still known as used or old.
KNOWN_FOR = timedelta(days=30)


class LinkState(StrEnum):
    """What a link can be. One that a later link has replaced is old."""

    OPEN = "open"
    USED = "used"
    OLD = "old"


def make_link(
    session: Session,
    person: Person,
    purpose: Purpose,
    now: datetime,
    *,
    user: User | None = None,
    by_mail: bool = False,
) -> OneTimeLink:
    """A new link for the person (of an invitation, for the user), in the caller's write transaction.

    The person's earlier open links of the same purpose, and for the same user, end. With `by_mail` the
    worker sends it: ring for the mail after the commit.
    """
    # Locked, so that of two that are made at once only one stays open.
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update(key_share=True))
    user_id = user.id if user else None
    execute_update(
        session,
        update(OneTimeLink)
        .where(
            OneTimeLink.person_id == person.id,
            OneTimeLink.purpose == purpose,
            OneTimeLink.user_id.is_not_distinct_from(user_id),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
        .values(expires_at=now, mail_at=None),
    )
    link = OneTimeLink(
        nonce=secrets.token_hex(16),
        purpose=purpose,
        person_id=person.id,
        user_id=user_id,
        created_at=now,
        expires_at=now + GOOD_FOR[purpose],
        mail_at=now if by_mail else None,
    )
    session.add(link)
    session.flush()
    return link


def find_link(session: Session, name: LinkName, purpose: Purpose) -> OneTimeLink | None:
    """The link that a token names; None if there is none of this purpose, or no longer."""
    return session.scalar(
        select(OneTimeLink).where(
            OneTimeLink.id == name.link_id, OneTimeLink.nonce == name.nonce, OneTimeLink.purpose == purpose
        )
    )


def state_of(link: OneTimeLink, now: datetime) -> LinkState:
    """Whether the link works at `now`, and if not, why."""
    if link.used_at is not None:
        return LinkState.USED
    return LinkState.OPEN if now < link.expires_at else LinkState.OLD


def use_link(session: Session, name: LinkName, purpose: Purpose, now: datetime) -> OneTimeLink | None:
    """Use the link up, in the caller's write transaction; None if it does not work, or another request was
    first."""
    used = execute_update(
        session,
        update(OneTimeLink)
        .where(
            OneTimeLink.id == name.link_id,
            OneTimeLink.nonce == name.nonce,
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
        .values(used_at=now, mail_at=None),
    )
    return session.get_one(OneTimeLink, name.link_id, populate_existing=True) if used else None


def end_links(session: Session, person_id: int, purpose: Purpose, now: datetime) -> None:
    """End the person's open links of a purpose, in the caller's write transaction."""
    execute_update(
        session,
        update(OneTimeLink)
        .where(
            OneTimeLink.person_id == person_id,
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
        .values(expires_at=now, mail_at=None),
    )


def erase_old_links(session: Session) -> int:
    """Forget the links that ended long ago; returns how many."""
    old = OneTimeLink.expires_at < read_clock(session) - KNOWN_FOR
    if session.scalar(select(OneTimeLink.id).where(old).limit(1)) is None:
        session.rollback()
        return 0
    with write_transaction(session):
        return execute_update(session, delete(OneTimeLink).where(old))
