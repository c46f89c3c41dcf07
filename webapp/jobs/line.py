"""The place in line: one job for each workspace and group waits until the active one has ended
(docs/adr/0020).

It is a row that no runner claims and that excludes no other job. It needs no Redis. In the transaction that
ends the active job, however it ends, the waiting one is promoted: it becomes the active one. Where that was
missed, the reconciler promotes it.
"""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from webapp.clock import read_clock
from webapp.database import execute_returning, lock_workspace, write_transaction
from webapp.jobs.lock import Lock, LockUnavailable, give_up_key
from webapp.jobs.queries import active_job, job_in_line
from webapp.jobs.recover import renew_keys
from webapp.jobs.start import Ring, already_started, insert, start
from webapp.jobs.work import NotStarted, Order, Work
from webapp.models import Job
from webapp.models.audit_event import JobAct, job_action, record
from webapp.models.base import is_in
from webapp.models.job import ACTIVE, JobState

log = structlog.get_logger()

# Of a job that has just been promoted: the next look for stalled jobs rings for it at once.
NEVER_RUNG = datetime(1970, 1, 1, tzinfo=UTC)


class PlaceTaken(NotStarted):
    """Another job is next in line: `job`."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.id)
        self.job = job


class _NothingAhead(Exception):
    """No job of the group is active, so there is nothing to wait for."""


def line_up(session: Session, lock: Lock, ring: Ring, work: Work, order: Order) -> Job:
    """Put `order` in line behind the active job of its group; start it where none is active any more.

    The same order again returns the same job. Raises PlaceTaken where another job is in line, and otherwise
    what `start` raises; then nothing was changed.
    """
    if known := already_started(session, work, order):
        return known
    group = work.group or ""
    try:
        with write_transaction(session):
            lock_workspace(session, order.workspace_id)
            if taken := job_in_line(session, order.workspace_id, group):
                raise PlaceTaken(taken)
            if active_job(session, order.workspace_id, group) is None:
                raise _NothingAhead
            job_id = insert(session, work, order, str(uuid.uuid4()), in_line=True).id
    except _NothingAhead:
        return start(session, lock, ring, work, order)
    except (IntegrityError, PlaceTaken):
        # A second click of the same confirmation may have been faster by a moment.
        if known := already_started(session, work, order):
            return known
        raise
    # A queued job can be cancelled without the workspace's lock, and so have ended before this row was seen.
    if promote_waiting(session, workspace_id=order.workspace_id):
        ring(work.kind, job_id)
    return session.get_one(Job, job_id)


def promote(session: Session, workspace_id: int, group: str, now: datetime) -> bool:
    """Promote the job in line; whether there was one.

    In the transaction that ends the active job: both are committed, or neither. Raises IntegrityError where
    another job of the group is active: the unique index decides between this and a start.
    """
    promoted = execute_returning(
        session,
        update(Job)
        .where(
            Job.workspace_id == workspace_id,
            Job.waits_for_group == group,
            is_in(Job.state, JobState.QUEUED),
        )
        .values(
            exclusive_group=group, waits_for_group=None, lease_until=now, rung_at=NEVER_RUNG, promoted_at=now
        )
        .returning(Job.id),
    )
    for job_id in promoted:
        job = session.get_one(Job, job_id, populate_existing=True)
        record(
            session,
            workspace_id=workspace_id,
            user_id=job.requested_by,
            at=now,
            action=job_action(job.kind, JobAct.PROMOTED),
            subject=job.audit_subject,
            number=job.number,
        )
    return bool(promoted)


def promote_waiting(session: Session, *, workspace_id: int | None = None) -> int:
    """Promote the jobs in line that wait for no active job; how many there were.

    That happens where the release before has ended the active job, or where it ended while the other one was
    lined up.
    """
    left = select(Job.workspace_id, Job.waits_for_group).where(
        Job.waits_for_group.is_not(None),
        is_in(Job.state, JobState.QUEUED),
        ~_has_active(),
    )
    if workspace_id is not None:
        left = left.where(Job.workspace_id == workspace_id)
    waiting: Sequence[tuple[int, str]] = [(of, group or "") for of, group in session.execute(left)]
    session.rollback()
    number = 0
    for of, group in waiting:
        # A start may have been faster: then the job waits for that one's end.
        with suppress(IntegrityError), write_transaction(session):
            number += promote(session, of, group, read_clock(session))
    return number


def pass_key_on(session: Session, lock: Lock, group: str | None, workspace_id: int, uuid: str) -> None:
    """After the commit of a job's end: delete its key, and give the key to the job that was promoted.

    Redis may be away: a later batch sets the key, and until then the unique index refuses every other start.
    """
    give_up_key(lock, group, workspace_id, uuid)
    if group is None:
        return
    session.rollback()
    try:
        renew_keys(session, lock, workspace_id=workspace_id)
    except LockUnavailable:
        log.warning("key_not_renewed")


def _has_active() -> ColumnElement[bool]:
    """Whether a job of the group that this one waits for is active."""
    other = aliased(Job)
    return exists().where(
        other.workspace_id == Job.workspace_id,
        other.exclusive_group == Job.waits_for_group,
        is_in(other.state, *ACTIVE),
    )
