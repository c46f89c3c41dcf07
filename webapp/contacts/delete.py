"""Deleting contacts in place, and the effects on deals and pending automations.

Every step is set-based, so that two contacts of one deal have the same result whether they are deleted
together or one after the other. So a deletion has the same result in one transaction (`delete_contacts`) and
in the batches of a job (`delete_work`): it is begun, takes contacts, and is completed. Its contacts and deals
have one moment, `Deletion.created_at`, whichever batch writes them.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, select, true, update
from sqlalchemy.orm import Session

from webapp.catalogue.deals import promote_next_primary
from webapp.database import execute_update, id_table, lock_workspace
from webapp.marketing.pending import end_pending
from webapp.models import Contact, Deal, DealContact, Deletion, live
from webapp.models.audit_event import Action, record
from webapp.models.base import filter_only, is_one_of

# The group of the jobs that move contacts into the bin or out of it: one of them at a time in a workspace.
BIN_JOBS = "restore"
# The dialog names so many of the deals that will be deleted.
NAMED_DEALS = 3


@dataclass(frozen=True)
class Consequences:
    """What a deletion would do, for the confirmation dialog."""

    contacts: int
    deals_deleted: int
    deals_left: int
    # The titles of the first few deals that will be deleted.
    titles: tuple[str, ...] = ()


def preview_deletion(session: Session, *, workspace_id: int, which: Select[int]) -> Consequences:
    """What a deletion of the live contacts among `which` would do to them and to their deals.

    A deal is deleted with its last contact; a deal with other contacts stays (article, Restored data).
    """
    going = select(Contact.id).where(Contact.id.in_(which), filter_only(live(workspace_id)))
    contacts = session.scalar(select(func.count()).select_from(going.subquery())) or 0
    deals = (
        select(
            DealContact.deal_id,
            func.count().label("attached"),
            func.count().filter(DealContact.contact_id.in_(going)).label("leaving"),
        )
        .join(Deal, Deal.id == DealContact.deal_id)
        .where(
            filter_only(and_(Deal.workspace_id == workspace_id, Deal.deleted_at.is_(None))),
            DealContact.detached_at.is_(None),
        )
        .where(
            is_one_of(
                DealContact.deal_id,
                select(DealContact.deal_id).where(
                    is_one_of(DealContact.contact_id, going), DealContact.detached_at.is_(None)
                ),
            )
        )
        .group_by(DealContact.deal_id)
        .subquery()
    )
    deleted, left = session.execute(
        select(
            func.count().filter(deals.c.attached == deals.c.leaving),
            func.count().filter(deals.c.attached > deals.c.leaving),
        ).select_from(deals)
    ).one()
    titles = (
        select(Deal.title)
        .join(deals, deals.c.deal_id == Deal.id)
        .where(deals.c.attached == deals.c.leaving)
        .order_by(Deal.title, Deal.id)
        .limit(NAMED_DEALS)
    )
    named = tuple(session.scalars(titles)) if deleted else ()
    return Consequences(contacts=contacts, deals_deleted=deleted, deals_left=left, titles=named)


def delete_contacts(
    session: Session,
    *,
    workspace_id: int,
    which: Select[int],
    by: int | None,
    now: datetime,
    source: str,
    description: str = "",
) -> Deletion | None:
    """Delete the live contacts among `which` and return the deletion, or None if there are none.

    Runs inside the caller's write transaction. `which` selects contact ids; deleted contacts and those of
    another workspace are ignored, so a second call changes nothing.
    """
    lock_workspace(session, workspace_id)
    deletion = begin_deletion(
        session, workspace_id=workspace_id, by=by, now=now, source=source, description=description
    )
    if not mark_deleted(session, deletion, which):
        session.delete(deletion)
        session.flush()
        return None
    gone = select(Contact.id).where(Contact.deletion_id == deletion.id, Contact.deleted_at.is_not(None))
    let_go(session, deletion, gone, now)
    complete_deletion(session, deletion, now)
    session.expire_all()
    return deletion


def begin_deletion(
    session: Session,
    *,
    workspace_id: int,
    by: int | None,
    now: datetime,
    source: str,
    description: str = "",
    job_id: int | None = None,
) -> Deletion:
    """A new deletion, which has no number and has taken no contact yet, in the caller's transaction."""
    deletion = Deletion(
        workspace_id=workspace_id,
        user_id=by,
        created_at=now,
        source=source,
        description=description,
        job_id=job_id,
    )
    session.add(deletion)
    session.flush()
    return deletion


def mark_deleted(
    session: Session, deletion: Deletion, which: Select[int], *, only: ColumnElement[bool] | None = None
) -> int:
    """Take the live contacts among `which` that fulfil `only` into the deletion, and return how many they
    are. `let_go` must follow, in the same transaction."""
    at = deletion.created_at
    takes = and_(live(deletion.workspace_id), true() if only is None else only)
    count = execute_update(
        session,
        update(Contact)
        .where(is_one_of(Contact.id, which), filter_only(takes))
        .values(deleted_at=at, deletion_id=deletion.id, version=Contact.version + 1, updated_at=at),
    )
    counts = {"contact_count": Deletion.contact_count + count, "in_bin": Deletion.in_bin + count}
    execute_update(session, update(Deletion).where(Deletion.id == deletion.id).values(counts))
    return count


def let_go(session: Session, deletion: Deletion, gone: Select[int], now: datetime) -> None:
    """End what the deletion's contacts `gone` had a part in: their places on deals, the deals that have no
    contact left, pending runs and messages."""
    _detach_from_deals(session, gone, deletion)
    end_pending(session, contacts=gone, now=now, why="contact_deleted")


def complete_deletion(session: Session, deletion: Deletion, now: datetime) -> None:
    """Give the deletion its number, behind the workspace's lock: from now on it can be restored."""
    session.refresh(deletion)
    last_number = select(func.max(Deletion.number)).where(Deletion.workspace_id == deletion.workspace_id)
    deletion.number = (session.scalar(last_number) or 0) + 1
    deletion.completed_at = now
    record(
        session,
        workspace_id=deletion.workspace_id,
        user_id=deletion.user_id,
        at=now,
        action=Action.CONTACTS_DELETED,
        subject=f"deletion:{deletion.id}",
        number=deletion.number,
        contacts=deletion.contact_count,
        source=deletion.source,
    )
    session.flush()


def any_deleted(session: Session, *, workspace_id: int, ids: list[int]) -> bool:
    """Whether any of `ids` is a deleted contact of the workspace."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Contact.id.in_(ids),
                    filter_only(and_(Contact.workspace_id == workspace_id, Contact.deleted_at.is_not(None))),
                )
            )
        )
    )


def _detach_from_deals(session: Session, gone: Select[int], deletion: Deletion) -> None:
    """Detach the contacts from their deals, delete deals that are then empty, promote the next primary.

    A contact that is promoted here and deleted by a later batch hands on what it was given, so that the end
    is that of one act.
    """
    at = deletion.created_at
    lives = select(Deal.id).where(Deal.id == DealContact.deal_id, Deal.deleted_at.is_(None))
    leaving = (
        is_one_of(DealContact.contact_id, gone),
        DealContact.detached_at.is_(None),
        filter_only(lives.exists()),
    )
    was_primary = filter_only(DealContact.is_primary.is_(True))
    headless = session.scalars(select(DealContact.deal_id).where(*leaving, was_primary)).all()
    # A restore does not make them primary again: "They will not be restored as the Primary Contact".
    execute_update(
        session,
        update(DealContact)
        .where(*leaving)
        .values(detached_at=at, detached_by_deletion_id=deletion.id, is_primary=False),
    )
    # By the contacts, because the deletion may have detached many more before.
    touched = select(DealContact.deal_id).where(
        is_one_of(DealContact.contact_id, gone),
        filter_only(DealContact.detached_by_deletion_id == deletion.id),
    )
    attached = select(DealContact.deal_id).where(
        DealContact.detached_at.is_(None), DealContact.deal_id == Deal.id
    )
    execute_update(
        session,
        update(Deal)
        .where(is_one_of(Deal.id, touched), Deal.deleted_at.is_(None), filter_only(~attached.exists()))
        .values(deleted_at=at, deleted_by_deletion_id=deletion.id),
    )
    if headless:
        promote_next_primary(session, select(id_table(session, headless).c.value))
