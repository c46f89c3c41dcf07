"""Finding jobs without a runner, or whose ring was lost (RECONCILE of the protocol).

One ring too many is harmless: the claim and its fence decide which runner carries the job out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Table, null, select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.jobs.lock import Lock
from webapp.jobs.private import keep
from webapp.jobs.work import Work
from webapp.models import Job
from webapp.models.job import ACTIVE

# With the columns of the previous release, which writes its scope there, texts and all.
OLD = cast(Table, Job.__table__)
NOTHING: Mapping[str, Any] = {"scope": null(), "scope_hash": None, "scope_words": ""}


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


def adopt_jobs(session: Session, kinds: Mapping[str, Work]) -> None:
    """Set the private texts of jobs apart that the previous release has written to, once they have ended, and
    clear its columns, which hold them as well.

    That release may run beside this one, or come back. Up to 100 jobs at a time, until there are none left.
    """
    wrote = select(Job.id).where(OLD.c.scope.is_not(null()), Job.state.not_in(ACTIVE))
    for job_id in session.scalars(wrote.order_by(Job.id).limit(100)).all():
        with write_transaction(session):
            job = session.get_one(Job, job_id, populate_existing=True)
            if job.kind in kinds:
                request, text = kinds[job.kind].set_apart(job.request)
                job.request = dict(request)
                if text is not None and job.private is None:
                    keep(session, job, text)
            execute_update(session, update(OLD).where(OLD.c.id == job_id).values(NOTHING))
