"""Campaigns: a pending message for each mailable contact, and sending it.

Whether a contact is mailable is checked twice, when a message is created and when it is sent, because consent
can end in between. A sent message is a row with the time (docs/adr/0008); a mail server would be called here.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, insert, literal, select, update
from sqlalchemy.orm import Session

from webapp.database import execute_update, lock_workspace
from webapp.marketing.consent import mailable_for
from webapp.models import AutomationRun, Campaign, CampaignSend, Contact
from webapp.models.base import is_in
from webapp.models.campaign import SendState


def mailable() -> ColumnElement[bool]:
    """Whether the statement's `Contact` may be sent its `Campaign`: rule 9 for the pair of contact and list.

    Both are live and in one workspace. No contact is mailable for a campaign without a list.
    """
    return and_(
        Contact.deleted_at.is_(None),
        Contact.workspace_id == Campaign.workspace_id,
        mailable_for(Campaign.list_id),
    )


def send_campaign(session: Session, *, workspace_id: int, campaign_id: int, now: datetime) -> int:
    """Write a pending message of the campaign for each mailable contact of its list; return their number.

    Runs in the caller's write transaction. A second call writes messages only for contacts without one: no
    contact gets it twice, and a contact whose message ended with its deletion does not get it after a
    restore.
    """
    lock_workspace(session, workspace_id)
    had = exists().where(
        CampaignSend.contact_id == Contact.id,
        CampaignSend.campaign_id == Campaign.id,
        CampaignSend.automation_run_id.is_(None),
    )
    recipients = (
        select(
            Contact.workspace_id, Campaign.id, Contact.id, literal(None, CampaignSend.automation_run_id.type)
        )
        .join(Campaign, Campaign.workspace_id == Contact.workspace_id)
        .where(Contact.workspace_id == workspace_id, Campaign.id == campaign_id, mailable(), ~had)
    )
    return _insert_pending(session, recipients, now)


def queue_for_runs(session: Session, *, campaign_id: int, run_ids: Sequence[int], now: datetime) -> int:
    """Write pending messages for the mailable contacts of these runs, in their step's transaction."""
    recipients = (
        select(Contact.workspace_id, Campaign.id, Contact.id, AutomationRun.id)
        .join(AutomationRun, AutomationRun.contact_id == Contact.id)
        .join(Campaign, Campaign.workspace_id == Contact.workspace_id)
        .where(AutomationRun.id.in_(run_ids), Campaign.id == campaign_id, mailable())
    )
    return _insert_pending(session, recipients, now)


def _insert_pending(session: Session, recipients: Select[int, int, int, int | None], now: datetime) -> int:
    rows = recipients.add_columns(
        literal(SendState.PENDING, CampaignSend.state.type),
        literal(now, CampaignSend.due_at.type),
        literal(now, CampaignSend.created_at.type),
    )
    columns = [
        "workspace_id",
        "campaign_id",
        "contact_id",
        "automation_run_id",
        "state",
        "due_at",
        "created_at",
    ]
    return execute_update(session, insert(CampaignSend).from_select(columns, rows))


def deliver(session: Session, workspace_id: int, *, now: datetime, limit: int) -> int:
    """Send up to `limit` due messages of the workspace, and end those whose contacts are no longer mailable.

    Returns how many messages were due. Runs in the caller's write transaction, which holds the workspace's
    lock.
    """
    due = session.scalars(
        select(CampaignSend.id)
        .where(
            CampaignSend.workspace_id == workspace_id,
            is_in(CampaignSend.state, SendState.PENDING),
            CampaignSend.due_at <= now,
        )
        .order_by(CampaignSend.due_at, CampaignSend.id)
        .limit(limit)
    ).all()
    sendable = (
        select(CampaignSend.id)
        .join(Contact, Contact.id == CampaignSend.contact_id)
        .join(Campaign, Campaign.id == CampaignSend.campaign_id)
        .where(CampaignSend.id.in_(due), mailable())
    )
    sent = session.scalars(sendable).all()
    _write(session, sent, state=SendState.SENT, sent_at=now)
    _write(session, sorted(set(due) - set(sent)), state=SendState.ENDED, ended_why="not_mailable")
    return len(due)


def _write(session: Session, send_ids: Sequence[int], **values: object) -> None:
    if send_ids:
        execute_update(session, update(CampaignSend).where(CampaignSend.id.in_(send_ids)).values(**values))
