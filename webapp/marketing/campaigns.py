"""Campaigns: a pending message for each mailable contact. `messages` and `sending` send them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, insert, literal, select
from sqlalchemy.orm import Session

from webapp.database import execute_update, lock_workspace
from webapp.marketing.consent import mailable_for
from webapp.models import AutomationRun, Campaign, CampaignSend, Contact
from webapp.models.campaign import MessageKind, SendState


def mailable() -> ColumnElement[bool]:
    """Whether the statement's `Contact` may be sent its `Campaign`: rule 9 for the pair of contact and list.

    All are live and in one workspace. No contact is mailable for a campaign without a list.
    """
    return and_(
        Contact.deleted_at.is_(None),
        Contact.workspace_id == Campaign.workspace_id,
        Campaign.deleted_at.is_(None),
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
    return _insert_pending(session, recipients, MessageKind.CAMPAIGN, now)


def queue_for_runs(session: Session, *, campaign_id: int, run_ids: Sequence[int], now: datetime) -> int:
    """Write pending messages for the mailable contacts of these runs, in their step's transaction."""
    recipients = (
        select(Contact.workspace_id, Campaign.id, Contact.id, AutomationRun.id)
        .join(AutomationRun, AutomationRun.contact_id == Contact.id)
        .join(Campaign, Campaign.workspace_id == Contact.workspace_id)
        .where(AutomationRun.id.in_(run_ids), Campaign.id == campaign_id, mailable())
    )
    return _insert_pending(session, recipients, MessageKind.AUTOMATION, now)


def _insert_pending(
    session: Session, recipients: Select[int, int, int, int | None], kind: MessageKind, now: datetime
) -> int:
    rows = recipients.add_columns(
        literal(kind.value),
        literal(SendState.PENDING, CampaignSend.state.type),
        literal(now, CampaignSend.due_at.type),
        literal(now, CampaignSend.created_at.type),
    )
    columns = [
        "workspace_id",
        "campaign_id",
        "contact_id",
        "automation_run_id",
        "kind",
        "state",
        "due_at",
        "created_at",
    ]
    return execute_update(session, insert(CampaignSend).from_select(columns, rows))
