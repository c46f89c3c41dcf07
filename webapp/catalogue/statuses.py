"""Changing by hand what a contact's status on a list is."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.database import lock_workspace
from webapp.marketing.consent import AddressSuppressed, why_suppressed
from webapp.marketing.lists import change_status
from webapp.models import Contact, MailingList, Subscription, live
from webapp.models.audit_event import Action, record
from webapp.models.mailing_list import SubscriptionStatus


class NotOnList(Exception):
    """The list has no such live contact, or is deleted; nothing was changed."""


class NotAgreed(Exception):
    """Only a contact that has agreed becomes Subscribed; nothing was changed."""


def change_status_by_hand(
    session: Session,
    *,
    workspace_id: int,
    list_id: int,
    contact_id: int,
    status: SubscriptionStatus,
    agreed: bool,
    by: int | None,
    now: datetime,
) -> bool:
    """Set the status of a live contact on a live list, in the caller's write transaction; return whether it
    has changed.

    `agreed` says that the user has stated that the contact agrees to get the list's messages. Raises
    NotOnList, NotAgreed, and AddressSuppressed even where the user has stated nothing.
    """
    lock_workspace(session, workspace_id)
    here = (
        select(Contact.id)
        .join(Subscription, Subscription.contact_id == Contact.id)
        .join(MailingList, MailingList.id == Subscription.list_id)
        .where(
            live(workspace_id),
            Contact.id == contact_id,
            MailingList.id == list_id,
            MailingList.deleted_at.is_(None),
        )
    )
    if session.scalar(here) is None:
        raise NotOnList
    if status == SubscriptionStatus.SUBSCRIBED and not agreed:
        if reason := why_suppressed(session, contact_id, list_id):
            raise AddressSuppressed(reason)
        raise NotAgreed
    changed = change_status(
        session, workspace_id=workspace_id, contact_id=contact_id, list_id=list_id, status=status, now=now
    )
    if changed:
        record(
            session,
            workspace_id=workspace_id,
            user_id=by,
            at=now,
            action=Action.STATUS_CHANGED,
            subject=f"mailing_list:{list_id}",
            contact=contact_id,
            status=str(status),
        )
    return changed
