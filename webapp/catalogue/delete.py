"""Deleting a list, tag, account or deal: it is hidden, and all its rows stay.

So a deleted contact loses no row, and a report can say what was not restored. A new one with the same name is
another row without the old associations (docs/rules.md, rule 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from webapp.catalogue.members import count_members
from webapp.catalogue.names import Named
from webapp.database import execute_update, lock_workspace
from webapp.models import Account, Automation, Campaign, CampaignSend, Deal, MailingList, Tag
from webapp.models.audit_event import Action, record
from webapp.models.base import is_in
from webapp.models.campaign import MessageKind, SendState

Kind = type[MailingList] | type[Tag] | type[Account] | type[Deal]

# So many contacts are looked up to count them: about 10 ms.
MOST_COUNTED = 5_000
# The field of a step that holds the id of a list or a tag (`webapp.marketing.automations`).
FIELDS: Mapping[Named, str] = {MailingList: "list", Tag: "tag"}


class StillSending(Exception):
    """Messages to the list are waiting to be sent, or in hand; nothing was changed."""


@dataclass(frozen=True)
class Uses:
    """What a list, tag or account is used for, before it is deleted."""

    # How many live contacts it has; not `exact` if there can be more.
    contacts: int
    exact: bool
    # How many automations start by it or have it in a step, and how many campaigns go to it.
    automations: int = 0
    campaigns: int = 0
    # How many messages to it are waiting. As long as there are any, a list cannot be deleted.
    waiting: int = 0


def delete_from_catalogue(
    session: Session, kind: Kind, row_id: int, *, workspace_id: int, by: int | None, now: datetime
) -> bool:
    """Delete the workspace's list, tag, account or deal `row_id`, in the caller's write transaction.

    Returns whether it was live; a second call changes nothing. Raises StillSending for a list while messages
    to it wait to be sent: the campaign would reach some of its contacts and not the others, and a message
    that is in hand cannot be recalled.
    """
    lock_workspace(session, workspace_id)
    is_live = (kind.id == row_id) & (kind.workspace_id == workspace_id) & kind.deleted_at.is_(None)
    if session.scalar(select(kind.id).where(is_live)) is None:
        return False
    if kind is MailingList and _waiting(session, row_id, workspace_id):
        raise StillSending
    # A restore may bring back a deal that a deletion has deleted, and none that a person has.
    by_hand: dict[str, object] = {"deleted_by_deletion_id": None} if kind is Deal else {}
    execute_update(session, update(kind).where(is_live).values(deleted_at=now, **by_hand))
    record(
        session,
        workspace_id=workspace_id,
        user_id=by,
        at=now,
        action=Action(f"{kind.__tablename__}.deleted"),
        subject=f"{kind.__tablename__}:{row_id}",
        **_contacts(session, kind, row_id),
    )
    return True


def uses(session: Session, kind: Named, row_id: int, *, workspace_id: int) -> Uses:
    """What the workspace's list, tag or account `row_id` is used for."""
    contacts, exact = count_members(session, kind, [row_id], most=MOST_COUNTED)[row_id]
    if kind is Account:
        return Uses(contacts, exact)
    automations = session.scalars(
        select(Automation).where(Automation.workspace_id == workspace_id, Automation.deleted_at.is_(None))
    ).all()
    used = sum(_is_used(kind, row_id, automation) for automation in automations)
    if kind is Tag:
        return Uses(contacts, exact, used)
    # The texts of automations are counted with them.
    campaigns = select(func.count()).where(
        Campaign.workspace_id == workspace_id,
        Campaign.list_id == row_id,
        Campaign.deleted_at.is_(None),
        Campaign.automation_id.is_(None),
    )
    return Uses(
        contacts, exact, used, session.scalar(campaigns) or 0, _waiting(session, row_id, workspace_id)
    )


def _is_used(kind: Named, row_id: int, automation: Automation) -> bool:
    own = automation.list_id if kind is MailingList else automation.tag_id
    steps: list[Any] = automation.steps if isinstance(automation.steps, list) else []
    return own == row_id or any(isinstance(step, dict) and step.get(FIELDS[kind]) == row_id for step in steps)


def _waiting(session: Session, list_id: int, workspace_id: int) -> int:
    """How many messages to the list are waiting or in hand."""
    messages = (
        select(func.count())
        .select_from(CampaignSend)
        .outerjoin(Campaign, Campaign.id == CampaignSend.campaign_id)
        .where(
            is_in(CampaignSend.state, SendState.PENDING),
            CampaignSend.workspace_id == workspace_id,
            _goes_to(list_id),
            # A test goes to a user, whatever becomes of the list.
            CampaignSend.kind != MessageKind.TEST,
        )
    )
    return session.scalar(messages) or 0


def _goes_to(list_id: int) -> ColumnElement[bool]:
    return or_(Campaign.list_id == list_id, CampaignSend.list_id == list_id)


def _contacts(session: Session, kind: Kind, row_id: int) -> dict[str, Any]:
    """How many live contacts it had, for the audit log; nothing if that was not counted."""
    if issubclass(kind, Deal):
        return {}
    contacts, exact = count_members(session, kind, [row_id], most=MOST_COUNTED)[row_id]
    return {"contacts": contacts} if exact else {}
