"""The texts that the steps of automations send. A step names its text, a campaign of the automation."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.database import lock_workspace
from webapp.marketing.drafting import GONE, Draft, NotWritten, record_act, rewrite
from webapp.models import Automation, Campaign
from webapp.models.audit_event import Action


def step_message(session: Session, workspace_id: int, campaign_id: int) -> tuple[Automation, Campaign] | None:
    """The text of a step, with its automation, if that is not deleted."""
    found = session.execute(
        select(Automation, Campaign)
        .join(Campaign, Campaign.automation_id == Automation.id)
        .where(
            Campaign.id == campaign_id,
            Campaign.workspace_id == workspace_id,
            Automation.workspace_id == workspace_id,
            Automation.deleted_at.is_(None),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def change_message(
    session: Session,
    campaign_id: int,
    draft: Draft,
    *,
    version: int,
    workspace_id: int,
    by: int,
    now: datetime,
) -> bool:
    """Change the text of a step, in the caller's write transaction; return whether it differs.

    `draft` names a live list. Messages that wait are sent with the new text. Raises NotWritten.
    """
    lock_workspace(session, workspace_id)
    found = step_message(session, workspace_id, campaign_id)
    if found is None:
        raise NotWritten(GONE)
    automation, text = found
    if not rewrite(text, asdict(draft), version=version):
        return False
    record_act(session, automation, Action.AUTOMATION_CHANGED, by, now)
    session.flush()
    return True
