"""Finding jobs without a runner, or whose ring was lost (RECONCILE of the protocol).

One ring too many is harmless: the claim and its fence decide which runner carries the job out.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import null, or_, select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, lock_workspace, write_transaction
from webapp.jobs.lock import Lock
from webapp.jobs.start import next_number
from webapp.models import Job
from webapp.models.job import ACTIVE
from webapp.models.previous_release import adopt


@dataclass(frozen=True)
class StalledJob:
    """A job to ring for, with what its log line says."""

    job_id: int
    kind: str
    workspace_id: int
    fence: int


def stalled_jobs(
    session: Session, *, ring_seconds: float, job_id: int | None = None, workspace_id: int | None = None
) -> list[StalledJob]:
    """The active jobs without a runner that were last rung for over `ring_seconds` ago; marks them as rung
    for.

    With `job_id`, only that one; with `workspace_id`, only those of that workspace.
    """
    now = read_clock(session)
    overdue = (
        select(Job.id, Job.kind, Job.workspace_id, Job.fence)
        .where(
            Job.state.in_(ACTIVE),
            Job.lease_until < now,
            Job.rung_at <= now - timedelta(seconds=ring_seconds),
        )
        .order_by(Job.id)
    )
    if job_id is not None:
        overdue = overdue.where(Job.id == job_id)
    if workspace_id is not None:
        overdue = overdue.where(Job.workspace_id == workspace_id)
    if not session.execute(overdue).all():
        # Looking is a read. The write lock is only for where there is something to write.
        return []
    with write_transaction(session):
        found = [StalledJob(*row) for row in session.execute(overdue.with_for_update(skip_locked=True))]
        execute_update(
            session, update(Job).where(Job.id.in_([job.job_id for job in found])).values(rung_at=now)
        )
    return found


def renew_keys(session: Session, lock: Lock, *, workspace_id: int | None = None) -> None:
    """Give each active job, or each one of `workspace_id`, the key of its group for its full time, wherever
    Redis has lost it.

    Raises LockUnavailable.
    """
    holders = active_holders(session, workspace_id)
    for holder in holders:
        lock.renew(*holder)
    # A job that has ended in between has given its key up already, and must not hold it again.
    session.rollback()
    for holder in set(holders) - set(active_holders(session, workspace_id)):
        lock.release(*holder)


def active_holders(session: Session, workspace_id: int | None = None) -> list[tuple[str, int, str]]:
    """Which job should hold which key: (group, workspace, uuid); in all workspaces, or in this one."""
    holders = select(Job.exclusive_group, Job.workspace_id, Job.uuid).where(
        Job.state.in_(ACTIVE), Job.exclusive_group.is_not(None)
    )
    if workspace_id is not None:
        holders = holders.where(Job.workspace_id == workspace_id)
    return [(group or "", of, uuid) for group, of, uuid in session.execute(holders)]


def adopt_jobs(session: Session) -> None:
    """Bring over the rows that only the previous release has written: number them, and fill this release's
    columns.

    The worker does this after a deployment, in batches, until there are none left.
    """
    without = select(Job.id, Job.workspace_id).where(or_(Job.number.is_(None), Job.request.is_(null())))
    for job_id, workspace_id in session.execute(without.order_by(Job.id).limit(100)).all():
        with write_transaction(session):
            lock_workspace(session, workspace_id)
            job = session.get_one(Job, job_id, populate_existing=True)
            job.number = job.number or next_number(session, workspace_id, job.kind)
            adopt(job)
