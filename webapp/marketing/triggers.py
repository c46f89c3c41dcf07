"""Waking automations: a change writes a queued run for each automation that waits for it, in its transaction.

No function of `webapp.restoring` calls this: "Restoring contacts will not trigger any automations to run or
campaigns to send" (article).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, insert, literal, select
from sqlalchemy.orm import Session

from webapp.database import execute_update
from webapp.models import Automation, AutomationRun, Contact, ContactTag, MailingList, Subscription
from webapp.models.automation import RunState, Trigger
from webapp.models.mailing_list import SubscriptionStatus


def any_active(session: Session, workspace_id: int) -> bool:
    """Whether the workspace has an active automation: without one there is nothing to wake."""
    active = select(Automation.id).where(Automation.workspace_id == workspace_id, Automation.is_active)
    return session.scalar(active.limit(1)) is not None


def wake_subscribed(
    session: Session,
    contact_ids: Sequence[int],
    *,
    list_id: int | None = None,
    now: datetime,
    caused_by: int | None = None,
) -> int:
    """Wake the active automations of the list that these contacts were just added to, or (None) of all their
    lists. Contacts with another status than Subscribed and deleted lists wake none. Returns the number of new
    runs.
    """
    subscribed = Subscription.status == SubscriptionStatus.SUBSCRIBED
    if list_id is not None:
        subscribed &= Subscription.list_id == list_id
    woken = (
        select(Contact.workspace_id, Automation.id, Contact.id)
        .join(Subscription, Subscription.contact_id == Contact.id)
        .join(MailingList, (MailingList.id == Subscription.list_id) & MailingList.deleted_at.is_(None))
        .join(Automation, (Automation.list_id == MailingList.id) & subscribed)
    )
    return _begin(session, woken, Automation.trigger == Trigger.SUBSCRIBED, contact_ids, now, caused_by)


def wake_tagged(
    session: Session,
    contact_ids: Sequence[int],
    *,
    tag_id: int | None = None,
    now: datetime,
    caused_by: int | None = None,
) -> int:
    """Wake the active automations of the tag that these contacts were just given, or (None) of all their
    tags. Returns the number of new runs."""
    carried = ContactTag.tag_id == tag_id if tag_id is not None else literal(True)
    woken = (
        select(Contact.workspace_id, Automation.id, Contact.id)
        .join(ContactTag, ContactTag.contact_id == Contact.id)
        .join(Automation, (Automation.tag_id == ContactTag.tag_id) & carried)
    )
    return _begin(session, woken, Automation.trigger == Trigger.TAG_ADDED, contact_ids, now, caused_by)


def _begin(
    session: Session,
    woken: Select[int, int, int],
    trigger: ColumnElement[bool],
    contact_ids: Sequence[int],
    now: datetime,
    caused_by: int | None,
) -> int:
    if not contact_ids:
        return 0
    runs = woken.where(
        trigger,
        Automation.is_active,
        Automation.workspace_id == Contact.workspace_id,
        Contact.id.in_(contact_ids),
        Contact.deleted_at.is_(None),
    ).add_columns(
        literal(RunState.QUEUED, AutomationRun.state.type),
        literal(0),
        literal(now, AutomationRun.due_at.type),
        literal(now, AutomationRun.created_at.type),
        literal(caused_by, AutomationRun.caused_by_id.type),
    )
    columns = [
        *("workspace_id", "automation_id", "contact_id"),
        *("state", "step", "due_at", "created_at", "caused_by_id"),
    ]
    return execute_update(session, insert(AutomationRun).from_select(columns, runs))
