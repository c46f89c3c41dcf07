"""Refusals of an address: an unsubscribe, a bounce, a complaint.

Each writes a suppression, which belongs to the address and outlives the contact, and sets the stored statuses
of the contacts that have the address, live, deleted and merged, where they are less strict. So consent that
ends while a contact is deleted stays ended (docs/rules.md, rule 9). Done twice, a refusal does nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.database import execute_returning, lock_workspace
from webapp.marketing.addresses import holders, key_of_hash
from webapp.marketing.consent import STRICTNESS, address_hash, strictness
from webapp.marketing.lists import merged_into
from webapp.marketing.versions import touch
from webapp.models import Contact, MailingList, Subscription, Suppression
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.suppression import SuppressionReason

STATUS = {
    SuppressionReason.UNSUBSCRIBE: SubscriptionStatus.UNSUBSCRIBED,
    SuppressionReason.COMPLAINT: SubscriptionStatus.UNSUBSCRIBED,
    SuppressionReason.BOUNCE: SubscriptionStatus.BOUNCED,
}


@dataclass(frozen=True)
class Refused:
    """Whose refusal it is: an address, as its hash, and the contact through which it came, if known."""

    workspace_id: int
    address_hash: str
    contact_id: int | None


def unsubscribe(session: Session, who: Refused, *, list_id: int | None, now: datetime) -> bool:
    """The owner of the address wants no more of one list, or (None) of any; False if that was known.

    This and the others run in the caller's write transaction.
    """
    return _refuse(session, who, SuppressionReason.UNSUBSCRIBE, list_id, on_list=list_id, now=now)


def complain(session: Session, who: Refused, *, now: datetime) -> bool:
    """The owner of the address has called a message unwanted: no list may write to it any more."""
    return _refuse(session, who, SuppressionReason.COMPLAINT, None, on_list=None, now=now)


def bounce(session: Session, who: Refused, *, list_id: int | None, now: datetime) -> bool:
    """A server has refused the address for good: Bounced on the message's list, and no list may write to
    it."""
    return _refuse(session, who, SuppressionReason.BOUNCE, None, on_list=list_id, now=now)


def _refuse(
    session: Session,
    who: Refused,
    reason: SuppressionReason,
    list_id: int | None,
    *,
    on_list: int | None,
    now: datetime,
) -> bool:
    """Suppress the address for a list or (None) for all, unless that is known; and make the statuses on a
    list, or on all, stricter."""
    if _is_known(session, who, reason, list_id):
        return False
    # Before the lock, because it may read many contacts. One that gets the address in between is suppressed.
    theirs = contacts_of(session, who)
    lock_workspace(session, who.workspace_id)
    # A list of another workspace, or one that is stored no longer, is none.
    if list_id is not None and not _has_list(session, who.workspace_id, list_id):
        return False
    if _is_known(session, who, reason, list_id):
        return False
    session.add(
        Suppression(
            workspace_id=who.workspace_id,
            address_hash=who.address_hash,
            list_id=list_id,
            contact_id=_stored(session, who) or min(theirs, default=None),
            reason=reason,
            at=now,
        )
    )
    session.flush()
    _make_stricter(session, who, theirs, STATUS[reason], on_list, now)
    return True


def _is_known(session: Session, who: Refused, reason: SuppressionReason, list_id: int | None) -> bool:
    known = select(Suppression.id).where(
        Suppression.workspace_id == who.workspace_id,
        Suppression.address_hash == who.address_hash,
        Suppression.list_id.is_(None) if list_id is None else Suppression.list_id == list_id,
        Suppression.reason == reason,
    )
    return session.scalar(known.limit(1)) is not None


def _has_list(session: Session, workspace_id: int, list_id: int) -> bool:
    found = select(MailingList.id).where(MailingList.id == list_id, MailingList.workspace_id == workspace_id)
    return session.scalar(found) is not None


def _stored(session: Session, who: Refused) -> int | None:
    """The contact through which the refusal came, if it is still stored."""
    if who.contact_id is None:
        return None
    return session.scalar(
        select(Contact.id).where(Contact.id == who.contact_id, Contact.workspace_id == who.workspace_id)
    )


def _make_stricter(
    session: Session,
    who: Refused,
    contact_ids: Iterable[int],
    status: SubscriptionStatus,
    list_id: int | None,
    now: datetime,
) -> None:
    """Set the status of these contacts, and of those that they were merged into, where it is less strict."""
    theirs = set(contact_ids)
    theirs |= {into for each in theirs for into in merged_into(session, who.workspace_id, each)}
    if not theirs:
        return
    changes = update(Subscription).where(
        Subscription.contact_id.in_(theirs), strictness(Subscription.status) < STRICTNESS[status]
    )
    if list_id is not None:
        changes = changes.where(Subscription.list_id == list_id)
    changed = execute_returning(
        session,
        changes.values(status=status, changed_at=now).returning(Subscription.contact_id),
    )
    touch(session, sorted(set(changed)), now)


def contacts_of(session: Session, who: Refused) -> set[int]:
    """The ids of all contacts that have the address, whatever has become of them, and of the one through
    which the refusal came, unless it has another address now."""
    through = select(Contact.email_key).where(
        Contact.id == who.contact_id, Contact.workspace_id == who.workspace_id
    )
    keys = list(session.scalars(through)) if who.contact_id is not None else []
    found = {who.contact_id} if keys == [None] and who.contact_id is not None else set[int]()
    key = next((key for key in keys if key is not None and address_hash(key) == who.address_hash), None)
    if key is None:
        # It has gone, or has another address now.
        key = key_of_hash(session, who.workspace_id, who.address_hash)
    return found | holders(session, who.workspace_id, key) if key is not None else found
