"""Adding contacts to deals and removing them by hand. `webapp.contacts.delete` detaches deleted contacts."""

from datetime import datetime

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.orm import Session, aliased

from webapp.database import execute_returning, execute_update, lock_workspace
from webapp.marketing.versions import touch
from webapp.models import Contact, Deal, DealContact, live
from webapp.models.base import is_one_of


def attach(
    session: Session, *, workspace_id: int, deal_id: int, contact_id: int, primary: bool, now: datetime
) -> bool:
    """Add a live contact to a live deal, as its Primary Contact or not, in the caller's write transaction.

    A contact already on the deal keeps its `attached_at`, and this can only make it primary. One that a
    deletion had detached is attached anew. Returns False and changes nothing if the deal or the contact is
    deleted or belongs to another workspace.
    """
    lock_workspace(session, workspace_id)
    deal = select(Deal.id).where(
        Deal.id == deal_id, Deal.workspace_id == workspace_id, Deal.deleted_at.is_(None)
    )
    contact = select(Contact.id).where(live(workspace_id), Contact.id == contact_id)
    if not (session.scalar(deal) and session.scalar(contact)):
        return False
    if primary:
        execute_update(
            session,
            update(DealContact)
            .where(DealContact.deal_id == deal_id, DealContact.is_primary)
            .values(is_primary=False),
        )
    place = (DealContact.deal_id == deal_id) & (DealContact.contact_id == contact_id)
    on_it = session.execute(select(DealContact.detached_at).where(place)).one_or_none()
    if on_it is None:
        row = {"deal_id": deal_id, "contact_id": contact_id, "is_primary": primary, "attached_at": now}
        session.execute(insert(DealContact), [row])
    elif on_it.detached_at is not None:
        # It came back before its deal was rescued.
        again = {"attached_at": now, "detached_at": None, "detached_by_deletion_id": None}
        execute_update(session, update(DealContact).where(place).values(is_primary=primary, **again))
    elif primary:
        execute_update(session, update(DealContact).where(place).values(is_primary=True))
    touch(session, [contact_id], now)
    return True


def add_to_deal(session: Session, *, workspace_id: int, deal_id: int, contact_id: int, now: datetime) -> bool:
    """Add a live contact to a live deal; as its Primary Contact if it has none. The rest as `attach`."""
    lock_workspace(session, workspace_id)
    return attach(
        session,
        workspace_id=workspace_id,
        deal_id=deal_id,
        contact_id=contact_id,
        primary=primary_of(session, deal_id) is None,
        now=now,
    )


def primary_of(session: Session, deal_id: int) -> int | None:
    """The id of the deal's Primary Contact."""
    return session.scalar(
        select(DealContact.contact_id).where(
            DealContact.deal_id == deal_id, DealContact.is_primary, DealContact.detached_at.is_(None)
        )
    )


def remove_from_deal(
    session: Session, *, workspace_id: int, deal_id: int, contact_id: int, now: datetime
) -> bool:
    """Remove a live contact from a live deal by hand: its row is deleted, so no restore adds it again.

    The deal stays, even without contacts. Returns whether the contact was on it.
    """
    lock_workspace(session, workspace_id)
    deals = select(Deal.id).where(
        Deal.id == deal_id, Deal.workspace_id == workspace_id, Deal.deleted_at.is_(None)
    )
    gone = execute_returning(
        session,
        delete(DealContact)
        .where(
            DealContact.deal_id.in_(deals),
            DealContact.contact_id.in_(
                select(Contact.id).where(live(workspace_id), Contact.id == contact_id)
            ),
            DealContact.detached_at.is_(None),
        )
        .returning(DealContact.is_primary),
    )
    if any(gone):
        promote_next_primary(session, deals)
    if gone:
        touch(session, [contact_id], now)
    return bool(gone)


def promote_next_primary(session: Session, deals: Select[int]) -> None:
    """Make the longest-attached contact primary on deals that have lost theirs."""
    other = aliased(DealContact)
    first_left = (
        select(other.id)
        .where(other.deal_id == DealContact.deal_id, other.detached_at.is_(None))
        .order_by(other.attached_at, other.id)
        .limit(1)
        .correlate(DealContact)
        .scalar_subquery()
    )
    execute_update(
        session,
        update(DealContact)
        .where(
            is_one_of(DealContact.deal_id, deals),
            DealContact.detached_at.is_(None),
            DealContact.id == first_left,
        )
        .values(is_primary=True),
    )
