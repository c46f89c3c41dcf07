"""Asking a contact whether it wants a list's messages, and its answer, which alone lifts a suppression.

An answer counts for the live contact that has the address. Deleted contacts with the same address keep being
not mailable, so that a restore makes none of them mailable (docs/rules.md, rule 9).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from webapp.database import execute_update, lock_workspace
from webapp.marketing.consent import address_hash, blocked, why_suppressed
from webapp.marketing.links import Link
from webapp.marketing.refusals import Refused, contacts_of
from webapp.marketing.triggers import wake_subscribed
from webapp.marketing.versions import touch
from webapp.models import CampaignSend, Contact, MailingList, Subscription, Suppression, live
from webapp.models.campaign import MessageKind
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.suppression import SuppressionReason

# An address is asked about a list once in this time.
ONCE_IN = timedelta(days=30)


class Asked(StrEnum):
    """What became of a request to ask a contact."""

    QUEUED = "queued"
    # There is no such live contact with an address, or no such live list.
    GONE = "gone"
    # It has been asked about this list within ONCE_IN.
    ASKED_BEFORE = "asked_before"
    # It bounces, or its owner has complained.
    BLOCKED = "blocked"
    # It gets the list's messages already.
    SUBSCRIBED = "subscribed"


class Confirmed(StrEnum):
    """What became of a confirmation."""

    SUBSCRIBED = "subscribed"
    # No live contact has the address any more.
    NO_CONTACT = "no_contact"
    NO_LIST = "no_list"
    BLOCKED = "blocked"


def ask_to_confirm(
    session: Session, *, workspace_id: int, contact_id: int, list_id: int, now: datetime
) -> Asked:
    """Queue a message that asks a live contact whether it wants the list's messages, in the caller's write
    transaction. A contact that is not on the list becomes Unconfirmed. The caller rings after the commit.
    """
    lock_workspace(session, workspace_id)
    found = session.execute(
        select(Contact.email_key, blocked()).where(live(workspace_id), Contact.id == contact_id)
    ).one_or_none()
    if found is None or found[0] is None or not _is_live(session, workspace_id, list_id):
        return Asked.GONE
    email_key, is_blocked = found
    if is_blocked:
        return Asked.BLOCKED
    status = session.scalar(
        select(Subscription.status).where(
            Subscription.contact_id == contact_id, Subscription.list_id == list_id
        )
    )
    if status == SubscriptionStatus.SUBSCRIBED and not why_suppressed(session, contact_id, list_id):
        return Asked.SUBSCRIBED
    asked = (
        select(CampaignSend.id)
        .join(Contact, Contact.id == CampaignSend.contact_id)
        .where(
            CampaignSend.list_id == list_id,
            CampaignSend.kind == MessageKind.CONFIRMATION,
            CampaignSend.created_at > now - ONCE_IN,
            Contact.email_key == email_key,
        )
    )
    if session.scalar(asked.limit(1)) is not None:
        return Asked.ASKED_BEFORE
    if status is None:
        session.execute(
            insert(Subscription).values(
                contact_id=contact_id,
                list_id=list_id,
                status=SubscriptionStatus.UNCONFIRMED,
                changed_at=now,
            )
        )
        touch(session, [contact_id], now)
    session.add(
        CampaignSend(
            workspace_id=workspace_id,
            kind=MessageKind.CONFIRMATION,
            list_id=list_id,
            contact_id=contact_id,
            due_at=now,
            created_at=now,
        )
    )
    session.flush()
    return Asked.QUEUED


def confirm(session: Session, link: Link, *, now: datetime) -> Confirmed:
    """The owner of the address has confirmed that it wants the list's messages, in the caller's write
    transaction: the live contact becomes Subscribed, which wakes the list's automations as any change does,
    and suppressions by unsubscribing end, for this list and for all. Done twice, it does nothing more.
    The caller rings after the commit.
    """
    workspace_id, list_id = link.workspace_id, link.list_id
    theirs = contacts_of(session, Refused(workspace_id, link.address_hash, link.contact_id))
    lock_workspace(session, workspace_id)
    if list_id is None or not _is_live(session, workspace_id, list_id):
        return Confirmed.NO_LIST
    found = session.execute(
        select(Contact.id, Contact.email_key, blocked()).where(
            live(workspace_id), Contact.id.in_(theirs), Contact.email_key.is_not(None)
        )
    ).one_or_none()
    if found is None or address_hash(found[1] or "") != link.address_hash:
        return Confirmed.NO_CONTACT
    contact_id, _, is_blocked = found
    if is_blocked:
        return Confirmed.BLOCKED
    if _lift(session, link, list_id):
        _keep_the_deleted_out(session, theirs - {contact_id}, list_id)
    _subscribe(session, contact_id, list_id, now)
    return Confirmed.SUBSCRIBED


def _is_live(session: Session, workspace_id: int, list_id: int) -> bool:
    found = select(MailingList.id).where(
        MailingList.id == list_id,
        MailingList.workspace_id == workspace_id,
        MailingList.deleted_at.is_(None),
    )
    return session.scalar(found) is not None


def _lift(session: Session, link: Link, list_id: int) -> bool:
    """End the suppressions by unsubscribing that hold for the list. One for all lists holds on for every
    other list, because the owner has spoken of this one only. Returns whether there were any."""
    theirs = (
        Suppression.workspace_id == link.workspace_id,
        Suppression.address_hash == link.address_hash,
        Suppression.reason == SuppressionReason.UNSUBSCRIBE,
    )
    of_all = session.scalar(select(Suppression).where(*theirs, Suppression.list_id.is_(None)).limit(1))
    if of_all is not None:
        others = select(
            MailingList.workspace_id,
            literal(link.address_hash),
            MailingList.id,
            literal(of_all.contact_id, Suppression.contact_id.type),
            literal(SuppressionReason.UNSUBSCRIBE, Suppression.reason.type),
            literal(of_all.at, Suppression.at.type),
        ).where(
            MailingList.workspace_id == link.workspace_id,
            MailingList.id != list_id,
            MailingList.id.not_in(
                select(Suppression.list_id).where(*theirs, Suppression.list_id.is_not(None))
            ),
        )
        columns = ["workspace_id", "address_hash", "list_id", "contact_id", "reason", "at"]
        execute_update(session, insert(Suppression).from_select(columns, others))
    for_list = or_(Suppression.list_id.is_(None), Suppression.list_id == list_id)
    return execute_update(session, delete(Suppression).where(*theirs, for_list)) > 0


def _keep_the_deleted_out(session: Session, contact_ids: set[int], list_id: int) -> None:
    """Deleted contacts that only the suppression kept from being mailable become Unconfirmed."""
    execute_update(
        session,
        update(Subscription)
        .where(
            Subscription.contact_id.in_(contact_ids),
            Subscription.list_id == list_id,
            Subscription.status == SubscriptionStatus.SUBSCRIBED,
        )
        # It was not mailable before, so its time of change stays: nothing was taken from it.
        .values(status=SubscriptionStatus.UNCONFIRMED),
    )


def _subscribe(session: Session, contact_id: int, list_id: int, now: datetime) -> None:
    """Make the contact Subscribed, unless it is, and wake the list's automations."""
    on_it = (Subscription.contact_id == contact_id, Subscription.list_id == list_id)
    status = session.scalar(select(Subscription.status).where(*on_it))
    if status == SubscriptionStatus.SUBSCRIBED:
        return
    values = {"status": SubscriptionStatus.SUBSCRIBED, "changed_at": now}
    if status is None:
        session.execute(insert(Subscription).values(contact_id=contact_id, list_id=list_id, **values))
    else:
        execute_update(session, update(Subscription).where(*on_it).values(values))
    touch(session, [contact_id], now)
    wake_subscribed(session, [contact_id], list_id=list_id, now=now)
