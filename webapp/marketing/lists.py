"""Changing subscriptions, as users and automations do; each change wakes the automations that wait for it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from webapp.database import execute_returning, lock_workspace
from webapp.marketing.consent import STRICTNESS, AddressSuppressed, strictness, why_suppressed
from webapp.marketing.triggers import wake_subscribed
from webapp.marketing.versions import touch
from webapp.models import Contact, MailingList, Subscription, live
from webapp.models.mailing_list import SubscriptionStatus


def subscribe(
    session: Session,
    *,
    workspace_id: int,
    contact_ids: Sequence[int],
    list_id: int,
    now: datetime,
    caused_by: int | None = None,
    status: SubscriptionStatus = SubscriptionStatus.SUBSCRIBED,
) -> list[int]:
    """Put live contacts on a live list, in the caller's write transaction; return the new ones' ids.

    A contact already on the list keeps its status, for instance Unsubscribed or Bounced. `caused_by` is the
    automation whose step does it, if one does.
    """
    lock_workspace(session, workspace_id)
    on_it = select(Subscription.contact_id).where(
        Subscription.contact_id == Contact.id, Subscription.list_id == MailingList.id
    )
    newcomers = (
        select(
            Contact.id,
            MailingList.id,
            literal(status, Subscription.status.type),
            literal(now, Subscription.changed_at.type),
        )
        .join(MailingList, MailingList.workspace_id == Contact.workspace_id)
        .where(
            live(workspace_id),
            Contact.id.in_(contact_ids),
            MailingList.id == list_id,
            MailingList.deleted_at.is_(None),
            ~on_it.exists(),
        )
    )
    subscribed = session.scalars(
        insert(Subscription)
        .from_select(["contact_id", "list_id", "status", "changed_at"], newcomers)
        .returning(Subscription.contact_id)
    ).all()
    touch(session, subscribed, now)
    wake_subscribed(session, subscribed, list_id=list_id, now=now, caused_by=caused_by)
    return list(subscribed)


def change_status(
    session: Session,
    *,
    workspace_id: int,
    contact_id: int,
    list_id: int,
    status: SubscriptionStatus,
    now: datetime,
) -> bool:
    """Set the status of a contact's subscription; return whether there is one and its status changed.

    Deleted contacts are changed, too, so that an unsubscribe or a bounce of one is not lost
    (docs/adr/0002). Only a live contact can become Subscribed, which wakes the list's automations: a
    contact must not be mailable after a restore if it was not at its deletion (docs/rules.md, rule 9). The
    refusal of a contact that was merged holds for the contact that it is a part of now.

    Raises AddressSuppressed if a contact is to become Subscribed whose address is suppressed: it would not be
    mailable whatever its status says, and only its owner can change that.
    """
    lock_workspace(session, workspace_id)
    if status == SubscriptionStatus.SUBSCRIBED and (reason := why_suppressed(session, contact_id, list_id)):
        raise AddressSuppressed(reason)
    contact = select(Contact.id).where(
        Contact.workspace_id == workspace_id,
        Contact.id.in_([contact_id, *merged_into(session, workspace_id, contact_id)]),
    )
    if status == SubscriptionStatus.SUBSCRIBED:
        contact = contact.where(Contact.deleted_at.is_(None), Contact.id == contact_id)
    # Of another contact only the less strict status is replaced (rule 11).
    less_strict = strictness(Subscription.status) < STRICTNESS[status]
    changed = execute_returning(
        session,
        update(Subscription)
        .where(
            Subscription.contact_id.in_(contact),
            Subscription.list_id == list_id,
            Subscription.status != status,
            or_(Subscription.contact_id == contact_id, less_strict),
        )
        .values(status=status, changed_at=now)
        .returning(Subscription.contact_id),
    )
    if not changed:
        return False
    touch(session, changed, now)
    if status == SubscriptionStatus.SUBSCRIBED:
        wake_subscribed(session, [contact_id], list_id=list_id, now=now)
    return True


# Who has one of these has said so, or its mailbox has: that must not be forgotten.
ON_RECORD = SubscriptionStatus.UNSUBSCRIBED, SubscriptionStatus.BOUNCED


def take_off(session: Session, *, workspace_id: int, contact_id: int, list_id: int, now: datetime) -> bool:
    """Take a live contact off a list by hand: its row is deleted, so no restore puts it back.

    One that is Unsubscribed or Bounced stays, because being put on the list again would make it mailable.
    Returns whether it was taken off.
    """
    lock_workspace(session, workspace_id)
    contact = select(Contact.id).where(live(workspace_id), Contact.id == contact_id)
    gone = execute_returning(
        session,
        delete(Subscription)
        .where(
            Subscription.contact_id.in_(contact),
            Subscription.list_id == list_id,
            Subscription.status.not_in(ON_RECORD),
        )
        .returning(Subscription.contact_id),
    )
    if gone:
        touch(session, gone, now)
    return bool(gone)


def merged_into(session: Session, workspace_id: int, contact_id: int) -> list[int]:
    """The contacts that this one was merged into, one after the other."""
    found: list[int] = []
    last: int | None = contact_id
    while last is not None:
        last = session.scalar(
            select(Contact.merged_into_id).where(Contact.id == last, Contact.workspace_id == workspace_id)
        )
        if last is not None:
            found.append(last)
    return found
