"""Messages: which may be sent now, and what the outbox gets where there is no mail server.

Whether a contact is mailable is checked when its message is made and again when it is sent, because consent
can end in between (docs/rules.md, rule 9).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, lock_workspace, write_transaction
from webapp.jobs.settings import Rest
from webapp.marketing.campaigns import mailable
from webapp.marketing.consent import blocked
from webapp.models import Campaign, CampaignSend, Contact, MailingList, MailTrouble, User, Workspace
from webapp.models.base import is_in
from webapp.models.campaign import MessageKind, SendState

OUTBOX, SMTP = "outbox", "smtp"
BATCH = 500


class EndedWhy(StrEnum):
    """Why a message has ended without being sent; those of `Fate` and of deletions stand beside these."""

    NOT_MAILABLE = "not_mailable"
    GAVE_UP = "gave_up"


def waiting(now: datetime) -> ColumnElement[bool]:
    """The condition for messages that are due and not in hand."""
    return and_(
        is_in(CampaignSend.state, SendState.PENDING),
        CampaignSend.taken_at.is_(None),
        CampaignSend.due_at <= now,
    )


def list_of_message() -> ColumnElement[int | None]:
    """The list that the statement's message is for."""
    return func.coalesce(CampaignSend.list_id, Campaign.list_id)


def with_its_parts(*columns: Any) -> Select[*tuple[Any, ...]]:
    """`columns` of messages, with what each is made of: contact or user, campaign, and list."""
    return (
        select(*columns)
        .outerjoin(Contact, Contact.id == CampaignSend.contact_id)
        .outerjoin(User, User.id == CampaignSend.user_id)
        .outerjoin(Campaign, Campaign.id == CampaignSend.campaign_id)
        .outerjoin(MailingList, MailingList.id == list_of_message())
    )


def sendable() -> ColumnElement[bool]:
    """Whether a message may be sent now, in a statement made by `with_its_parts`.

    A test goes to an active user. A confirmation goes to a contact that may be asked, whatever its status.
    Everything else goes to mailable contacts only.
    """
    test = and_(User.is_active, User.workspace_id == CampaignSend.workspace_id)
    confirmation = and_(
        Contact.deleted_at.is_(None),
        Contact.workspace_id == CampaignSend.workspace_id,
        Contact.email_key.is_not(None),
        MailingList.deleted_at.is_(None),
        ~blocked(),
    )
    return case(
        (CampaignSend.kind == MessageKind.TEST, func.coalesce(test, literal(False))),
        (CampaignSend.kind == MessageKind.CONFIRMATION, func.coalesce(confirmation, literal(False))),
        else_=func.coalesce(and_(mailable(), Campaign.deleted_at.is_(None)), literal(False)),
    )


def workspaces_with_mail(session: Session, now: datetime, *, by_server: bool) -> list[int]:
    """The workspaces in which a message is due and can be sent.

    `by_server`: those that have said who writes, and whose messages do not wait for the mail server.
    """
    due = exists().where(CampaignSend.workspace_id == Workspace.id, waiting(now))
    query = select(Workspace.id).where(due).order_by(Workspace.id)
    if by_server:
        paused = exists().where(MailTrouble.workspace_id == Workspace.id, MailTrouble.again_at > now)
        query = query.where(Workspace.sender_email != "", Workspace.postal_line != "", ~paused)
    return list(session.scalars(query))


def due_ids(session: Session, workspace_id: int, now: datetime, limit: int) -> list[int]:
    """The ids of the workspace's messages that are due, the longest due first."""
    return list(
        session.scalars(
            select(CampaignSend.id)
            .where(CampaignSend.workspace_id == workspace_id, waiting(now))
            .order_by(CampaignSend.due_at, CampaignSend.id)
            .limit(limit)
        )
    )


def deliver(session: Session, workspace_id: int, *, now: datetime, limit: int) -> int:
    """Put up to `limit` due messages of the workspace into its outbox, as sent, and end those that may not be
    sent any more. Returns how many were due.

    For a deployment without a mail server. Runs in the caller's write transaction, which holds the
    workspace's lock.
    """
    due = due_ids(session, workspace_id, now, limit)
    sent = session.scalars(with_its_parts(CampaignSend.id).where(CampaignSend.id.in_(due), sendable())).all()
    _write(session, sent, state=SendState.SENT, sent_at=now, transport=OUTBOX)
    end_messages(session, sorted(set(due) - set(sent)), EndedWhy.NOT_MAILABLE)
    return len(due)


def deliver_all(session: Session, *, rest: Rest, should_stop: Callable[[], bool]) -> int:
    """`deliver` everything that is due, in every workspace, each batch in a transaction of its own; returns
    how many were due."""
    total = 0
    while workspaces := workspaces_with_mail(session, read_clock(session), by_server=False):
        for workspace_id in workspaces:
            if should_stop():
                return total
            with rest.following(), write_transaction(session):
                lock_workspace(session, workspace_id, changes_it=False)
                total += deliver(session, workspace_id, now=read_clock(session), limit=BATCH)
    return total


def end_messages(session: Session, ids: Sequence[int], why: str) -> None:
    """End these messages, which are pending."""
    _write(session, ids, state=SendState.ENDED, ended_why=str(why))


def _write(session: Session, ids: Sequence[int], **values: object) -> None:
    if ids:
        execute_update(session, update(CampaignSend).where(CampaignSend.id.in_(ids)).values(**values))
