"""Creating, editing and moving deals. `deals` adds contacts to them, `delete` deletes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.catalogue.deal_titles import store_titles
from webapp.catalogue.deals import attach
from webapp.catalogue.stages import Position
from webapp.database import lock_workspace
from webapp.models import Contact, Deal, live
from webapp.models.audit_event import Action, record


class NoContact(Exception):
    """None of the contacts is live; a deal needs one. Nothing was changed."""


class NoDeal(Exception):
    """There is no such live deal in the workspace; nothing was changed."""


class DealChanged(Exception):
    """The deal has changed since the version that was edited; nothing was changed."""

    def __init__(self, stored: "DealDetails", version: int) -> None:
        super().__init__()
        self.stored = stored
        self.version = version


@dataclass(frozen=True)
class DealDetails:
    """The fields of a deal that a user can edit."""

    title: str
    value: Decimal
    currency: str
    position: Position

    @classmethod
    def of(cls, deal: Deal) -> "DealDetails":
        return cls(deal.title, deal.value, deal.currency, Position(deal.stage, deal.status))

    def columns(self) -> dict[str, object]:
        return {
            "title": self.title,
            "value": self.value,
            "currency": self.currency,
            "stage": self.position.stage,
            "status": self.position.status,
        }


def create_deal(
    session: Session,
    details: DealDetails,
    contact_ids: Sequence[int],
    *,
    workspace_id: int,
    by: int | None,
    now: datetime,
) -> int:
    """Create a deal with those of the contacts that are live, in the caller's write transaction.

    The first of them is its Primary Contact. Returns the deal's id; raises NoContact if none is live.
    """
    lock_workspace(session, workspace_id)
    wanted = list(dict.fromkeys(contact_ids))
    alive = set(session.scalars(select(Contact.id).where(live(workspace_id), Contact.id.in_(wanted))))
    members = [contact_id for contact_id in wanted if contact_id in alive]
    if not members:
        raise NoContact
    deal = Deal(workspace_id=workspace_id, created_at=now, **details.columns())
    session.add(deal)
    session.flush()
    store_titles(session, [deal])
    for contact_id in members:
        attach(
            session,
            workspace_id=workspace_id,
            deal_id=deal.id,
            contact_id=contact_id,
            primary=contact_id == members[0],
            now=now,
        )
    # Without the title: a deal can be named after a person, and audit events are never erased.
    record(
        session,
        workspace_id=workspace_id,
        user_id=by,
        at=now,
        action=Action.DEAL_CREATED,
        subject=f"deal:{deal.id}",
        contacts=len(members),
    )
    return deal.id


def edit_deal(
    session: Session,
    deal_id: int,
    details: DealDetails,
    *,
    version: int,
    workspace_id: int,
    by: int | None,
    now: datetime,
) -> bool:
    """Set these details of a live deal, in the caller's write transaction; return whether any has changed.

    Raises NoDeal, and DealChanged if its version is not `version` and what is stored is not what is wanted.
    """
    deal = _locked(session, deal_id, workspace_id)
    stored = DealDetails.of(deal)
    if stored == details:
        return False
    if deal.version != version:
        raise DealChanged(stored, deal.version)
    before, after = stored.columns(), details.columns()
    changed = [name for name, value in after.items() if before[name] != value]
    for name in changed:
        setattr(deal, name, after[name])
    deal.version += 1
    session.flush()
    store_titles(session, [deal])
    record(
        session,
        workspace_id=workspace_id,
        user_id=by,
        at=now,
        action=Action.DEAL_EDITED,
        subject=f"deal:{deal.id}",
        fields=changed,
    )
    return True


def move_deal(
    session: Session,
    deal_id: int,
    position: Position,
    *,
    version: int,
    workspace_id: int,
    by: int | None,
    now: datetime,
) -> bool:
    """Move a live deal to another position; the rest as `edit_deal`."""
    deal = _locked(session, deal_id, workspace_id)
    details = DealDetails(deal.title, deal.value, deal.currency, position)
    return edit_deal(session, deal_id, details, version=version, workspace_id=workspace_id, by=by, now=now)


def _locked(session: Session, deal_id: int, workspace_id: int) -> Deal:
    lock_workspace(session, workspace_id)
    deal = session.scalar(
        select(Deal)
        .where(Deal.id == deal_id, Deal.workspace_id == workspace_id, Deal.deleted_at.is_(None))
        .execution_options(populate_existing=True)
    )
    if deal is None:
        raise NoDeal
    return deal
