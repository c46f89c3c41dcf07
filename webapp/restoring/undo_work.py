"""Undoing a restore as a kind of job, in the restore's group: one of both at a time."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Select, delete, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.contacts.address import email_key
from webapp.database import avoid_whole_table_plans, execute_update, id_table
from webapp.jobs import start as jobs
from webapp.jobs.isolation import by_halves
from webapp.jobs.lock import Lock
from webapp.jobs.queries import find_job
from webapp.jobs.start import Ring
from webapp.jobs.work import NotStarted, Order, Step, Work
from webapp.marketing.pending import end_pending
from webapp.models import (
    Contact,
    ContactNote,
    Deal,
    DealContact,
    Deletion,
    Job,
    RestoreOutcome,
)
from webapp.models.base import filter_only
from webapp.models.contact_note import NoteKind
from webapp.models.job import Note
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring import links
from webapp.restoring.batch import REFUSALS, PlanOutdated, move_in_bin
from webapp.restoring.merging import renew_search
from webapp.restoring.undoing import Ending, foresee, judge
from webapp.restoring.work import RESTORE

UNDONE = "undone"


class NothingToUndo(NotStarted):
    """None of the restore's contacts would go back any more, or it is no restore that has ended."""


class UndoWork(Work):
    kind = "undo"
    group = RESTORE.group
    queue = RESTORE.queue
    batch_sizes: ClassVar = RESTORE.batch_sizes
    refusals = REFUSALS

    def admit(self, session: Session, order: Order) -> None:
        """Only an Admin of the workspace may undo, and only what would have an effect."""
        self.check_requester(session, order)
        restore = find_job(session, order.workspace_id, [RESTORE.kind], order.request["undo_of"])
        if restore is None or not restore.has_ended:
            raise NothingToUndo
        if not any_goes_back(session, restore, read_clock(session)):
            raise NothingToUndo

    def why_not(self, session: Session, job: Job) -> Note | None:
        return self.why_not_allowed(job)

    def batch(self, session: Session, job: Job, *, size: int, careful: bool) -> Step:
        now = read_clock(session)
        avoid_whole_table_plans(session)
        restore = session.get_one(Job, job.request["undo_of"])
        met = judge(session, restore, now=now, limit=size, after=job.cursor)
        write = put_back_carefully if careful else put_back
        return _record(session, job, write(session, job, restore, met, now), is_last=len(met) < size)

    def leave_out(self, session: Session, job: Job) -> Step:
        restore = session.get_one(Job, job.request["undo_of"])
        met = judge(session, restore, now=read_clock(session), limit=1, after=job.cursor)
        crashed = [ending._replace(reason=Reason.CRASHED) for ending in met]
        return _record(session, job, crashed, is_last=not met)


UNDO = UndoWork()


def start(session: Session, lock: Lock, ring: Ring, *, restore: Job, key: str, requested_by: int) -> Job:
    """Make the undoing of `restore` a job of the user `requested_by`, and ring a worker for it.

    The same `key` again returns the same job. Raises NothingToUndo or another NotStarted; then nothing was
    changed.
    """
    order = Order(
        workspace_id=restore.workspace_id,
        requested_by=requested_by,
        key=key,
        request={"undo_of": restore.id},
        total=restore.count(Outcome.RESTORED) + restore.count(Reason.MERGED),
        undo_of=restore.id,
    )
    return jobs.start(session, lock, ring, UNDO, order)


def any_goes_back(session: Session, restore: Job, now: datetime) -> bool:
    """Whether an undo of `restore` would put any contact back."""
    # Nearly always one of the first does.
    first = judge(session, restore, now=now, limit=1000)
    return any(ending.goes_back for ending in first) or foresee(session, restore, now=now).back > 0


def put_back(
    session: Session, undo: Job, restore: Job, met: Sequence[Ending], now: datetime
) -> Sequence[Ending]:
    """Delete the contacts that go back, with their original deletions, as if they had not been restored, in
    the caller's transaction; returns `met`. Their latest job is now `undo`: by it a scope knows that they
    were not in the bin when it was frozen (`recycle_bin`). Raises one of REFUSALS; the caller rolls back."""
    back = [ending for ending in met if ending.goes_back]
    if not back:
        return met
    ids = select(id_table(session, [ending.contact_id for ending in back]).c.value)
    written = execute_update(
        session,
        update(Contact)
        .where(
            Contact.id.in_(ids),
            Deletion.id == Contact.deletion_id,
            filter_only(Contact.deleted_at.is_(None)),
        )
        .values(deleted_at=Deletion.created_at, restore_job_id=undo.id),
    )
    if written != len(back):
        raise PlanOutdated
    _give_addresses_back(session, restore, [ending.contact_id for ending in back if ending.without_address])
    _leave_deals(session, restore, ids)
    end_pending(session, contacts=ids, now=now, why="restore_undone")
    move_in_bin(session, [ending.deletion_id for ending in back if ending.deletion_id is not None], by=1)
    return met


def put_back_carefully(
    session: Session, undo: Job, restore: Job, met: Sequence[Ending], now: datetime
) -> Sequence[Ending]:
    """The same by halves, until every contact that the database refuses stands alone."""
    return by_halves(
        session,
        met,
        lambda some: put_back(session, undo, restore, some, now),
        lambda ending, _refusal: ending._replace(reason=Reason.REFUSED),
        REFUSALS,
    )


def _give_addresses_back(session: Session, restore: Job, ids: Sequence[int]) -> None:
    """Turn the notes of the restore into the addresses that they were."""
    if not ids:
        return
    notes = (
        ContactNote.job_id == restore.id,
        ContactNote.kind == NoteKind.FORMER_ADDRESS.value,
        ContactNote.contact_id.in_(select(id_table(session, ids).c.value)),
    )
    addresses = session.execute(select(ContactNote.contact_id, ContactNote.text).where(*notes)).all()
    session.execute(
        update(Contact),
        [{"id": contact_id, "email": text, "email_key": email_key(text)} for contact_id, text in addresses],
    )
    session.execute(delete(ContactNote).where(*notes))
    renew_search(session, ids)


def _leave_deals(session: Session, restore: Job, ids: Select[int]) -> None:
    """Detach the contacts from their deals again, and delete the rescued deals that have no contact left."""
    # On one that was dead already when the contact was deleted, it has kept its place.
    lived = select(Deal.id).where(
        Deal.id == DealContact.deal_id,
        or_(Deal.deleted_at.is_(None), Deal.deleted_at > Deletion.created_at),
    )
    execute_update(
        session,
        update(DealContact)
        .where(
            DealContact.contact_id.in_(ids),
            DealContact.detached_at.is_(None),
            Contact.id == DealContact.contact_id,
            Deletion.id == Contact.deletion_id,
            filter_only(lived.exists()),
        )
        .values(detached_at=Deletion.created_at, detached_by_deletion_id=Deletion.id, is_primary=False),
    )
    touched = select(DealContact.deal_id).where(DealContact.contact_id.in_(ids))
    attached = select(DealContact.id).where(DealContact.deal_id == Deal.id, DealContact.detached_at.is_(None))
    execute_update(
        session,
        update(Deal)
        .where(
            Deal.id.in_(touched),
            Deal.id.in_(links.rescued_by(restore.id)),
            Deal.deleted_at.is_(None),
            Deletion.id == Deal.deleted_by_deletion_id,
            filter_only(~attached.exists()),
        )
        .values(deleted_at=Deletion.created_at),
    )


def _record(session: Session, job: Job, met: Sequence[Ending], *, is_last: bool) -> Step:
    """Write the ledger: one outcome for each contact."""
    back = [ending.contact_id for ending in met if ending.goes_back]
    if back:
        ids = id_table(session, back)
        columns = ["job_id", "contact_id", "outcome"]
        rows = select(literal(job.id), ids.c.value, literal(Outcome.RESTORED))
        session.execute(insert(RestoreOutcome).from_select(columns, rows))
    kept = [ending for ending in met if not ending.goes_back]
    if kept:
        session.execute(
            insert(RestoreOutcome),
            [
                {
                    "job_id": job.id,
                    "contact_id": ending.contact_id,
                    "outcome": ending.outcome,
                    "reason": ending.reason,
                }
                for ending in kept
            ],
        )
    counts = Counter(UNDONE if ending.goes_back else str(ending.outcome) for ending in met)
    cursor = met[-1].contact_id if met else job.cursor
    return Step(cursor=cursor, counts=counts, items=len(met), is_last=is_last)
