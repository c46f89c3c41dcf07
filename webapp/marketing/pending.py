"""Ending the pending runs and messages of contacts that are deleted."""

from datetime import datetime

from sqlalchemy import Select, update
from sqlalchemy.orm import Session

from webapp.database import execute_update
from webapp.models import AutomationRun, CampaignSend
from webapp.models.automation import RunState
from webapp.models.base import is_one_of
from webapp.models.campaign import SendState


def end_pending(session: Session, *, contacts: Select[int], now: datetime, why: str) -> None:
    """End the waiting and queued runs and the unsent messages of `contacts`, in the caller's transaction.

    A restore does not start them again: "Restoring contacts will not trigger any automations to
    run or campaigns to send" (article).
    """
    execute_update(
        session,
        update(AutomationRun)
        .where(
            is_one_of(AutomationRun.contact_id, contacts),
            AutomationRun.state.in_((RunState.QUEUED, RunState.WAITING)),
        )
        .values(state=RunState.ENDED, ended_at=now, ended_why=why),
    )
    execute_update(
        session,
        update(CampaignSend)
        .where(is_one_of(CampaignSend.contact_id, contacts), CampaignSend.state == SendState.PENDING)
        .values(state=SendState.ENDED, ended_why=why),
    )
