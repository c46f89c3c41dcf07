"""Waking automations: a change writes a queued run for each automation that waits for it, in its transaction.

No function of `webapp.restoring` calls this: "Restoring contacts will not trigger any automations to run or
campaigns to send" (article).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from sqlalchemy import ColumnElement, Select, insert, literal, select
from sqlalchemy.orm import Session

from webapp.bulk import add_rows
from webapp.database import execute_update
from webapp.models import Automation, AutomationRun, Contact, ContactTag, MailingList, Subscription
from webapp.models.automation import RunState, Trigger
from webapp.models.mailing_list import SubscriptionStatus


def wake_subscribed(
    session: Session,
    contact_ids: Sequence[int],
    *,
    list_id: int,
    now: datetime,
    caused_by: int | None = None,
) -> int:
    """Wake the active automations of the list that these contacts were just added to. Contacts with another
    status than Subscribed and deleted lists wake none. Returns the number of new runs.
    """
    subscribed = (Subscription.status == SubscriptionStatus.SUBSCRIBED) & (Subscription.list_id == list_id)
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
    tag_id: int,
    now: datetime,
    caused_by: int | None = None,
) -> int:
    """Wake the active automations of the tag that these contacts were just given. Returns the number of new
    runs."""
    carried = ContactTag.tag_id == tag_id
    woken = (
        select(Contact.workspace_id, Automation.id, Contact.id)
        .join(ContactTag, ContactTag.contact_id == Contact.id)
        .join(Automation, (Automation.tag_id == ContactTag.tag_id) & carried)
    )
    return _begin(session, woken, Automation.trigger == Trigger.TAG_ADDED, contact_ids, now, caused_by)


def wake_many(
    session: Session,
    workspace_id: int,
    now: datetime,
    *,
    subscribed: Sequence[tuple[int, int]],
    tagged: Sequence[tuple[int, int]],
) -> None:
    """Wake the active automations of many contacts, which the caller's transaction has just written.

    `subscribed` are contacts, each with a live list that it became Subscribed to, and `tagged` are contacts,
    each with a tag that it was given; all of the workspace. So nothing is read again but the automations.
    """
    active = select(Automation.id, Automation.trigger, Automation.list_id, Automation.tag_id).where(
        Automation.workspace_id == workspace_id, Automation.is_active
    )
    waiting: defaultdict[tuple[Trigger, int | None], list[int]] = defaultdict(list)
    for automation_id, trigger, list_id, tag_id in session.execute(active):
        waiting[trigger, list_id if trigger is Trigger.SUBSCRIBED else tag_id].append(automation_id)
    if not waiting:
        return
    changes = chain(
        ((contact_id, (Trigger.SUBSCRIBED, list_id)) for contact_id, list_id in subscribed),
        ((contact_id, (Trigger.TAG_ADDED, tag_id)) for contact_id, tag_id in tagged),
    )
    add_rows(
        session,
        AutomationRun,
        (
            {
                "workspace_id": workspace_id,
                "automation_id": automation_id,
                "contact_id": contact_id,
                "state": RunState.QUEUED,
                "step": 0,
                "due_at": now,
                "created_at": now,
            }
            for contact_id, change in changes
            for automation_id in waiting.get(change, ())
        ),
    )


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
