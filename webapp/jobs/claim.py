"""Holding a job: how a runner claims it, proves that it still holds it, and releases it.

The fence is the number of the claim. A runner proves its fence before it writes anything, so that one that
was believed dead, and comes back, can write nothing (CLAIM and BATCH of the protocol).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.models import Job
from webapp.models.audit_event import JobAct, job_action, record
from webapp.models.job import ACTIVE, JobState, Note

# How a lease was lost: its runner was not heard of until it ran out, or its parent saw it die.
SILENT, DIED = "silent", "died"


@dataclass(frozen=True)
class Claim:
    """A job as its runner holds it: by this fence."""

    job_id: int
    workspace_id: int
    uuid: str
    kind: str
    group: str | None
    fence: int


class LostLease(Exception):
    """Another runner has claimed the job, or it has ended: nothing more may be written for it."""


def claim(
    session: Session, job_id: int, kinds: Collection[str], *, lease: float, runner: str = "unknown"
) -> Claim | None:
    """Make an active job whose lease has run out `runner`'s for `lease` seconds, under a new fence.

    None where there is nothing to claim: another runner holds it, it has ended, there is no such job, or it
    is none of these `kinds`. That the runner before was silent for too long is recorded in the audit log.
    """
    with write_transaction(session):
        now = read_clock(session)
        job = session.scalar(
            select(Job)
            .where(Job.id == job_id, Job.kind.in_(kinds), Job.state.in_(ACTIVE), Job.lease_until <= now)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if job is None:
            return None
        if job.state == JobState.RUNNING and job.released_at is None:
            _record_lost(session, job, now, runner=job.runner, why=SILENT)
        job.state = JobState.RUNNING
        job.fence += 1
        job.lease_until = now + timedelta(seconds=lease)
        job.claims_since_progress += 1
        job.runner, job.released_at = runner, None
        job.started_at = job.started_at or now
        return Claim(job.id, job.workspace_id, job.uuid, job.kind, job.exclusive_group, job.fence)


def prove_fence(session: Session, claim: Claim, now: datetime, *, lease: float | None = None) -> Job:
    """The first write of each of a runner's transactions: prove the fence and, for `lease` seconds, renew the
    lease.

    Raises LostLease where the fence is old or the job has ended.
    """
    held = execute_update(
        session,
        update(Job)
        .where(Job.id == claim.job_id, Job.fence == claim.fence, Job.state == JobState.RUNNING)
        .values(lease_until=Job.lease_until if lease is None else now + timedelta(seconds=lease)),
    )
    if not held:
        raise LostLease
    return session.get_one(Job, claim.job_id, populate_existing=True)


def release(session: Session, claim: Claim, *, counts_as_a_claim: bool, error: Note | None = None) -> None:
    """End the own lease, so that the next runner need not wait until it runs out.

    `error` says what interrupted the work; a clean hand-over clears the previous error. A claim that ends for
    a reason that is no item's fault does not count as one. Raises LostLease.
    """
    with write_transaction(session):
        now = read_clock(session)
        job = prove_fence(session, claim, now)
        job.lease_until = job.rung_at = job.released_at = now
        job.error = dict(error) if error else None
        if not counts_as_a_claim:
            job.claims_since_progress = max(0, job.claims_since_progress - 1)


def release_dead(session: Session, job_id: int, *, runner: str, error: Note) -> str | None:
    """End the lease of `runner`, a process that is known to have died; the job's kind if it had one, else
    None.

    The lease of another runner, which may have claimed the job since, stays.
    """
    with write_transaction(session):
        now = read_clock(session)
        released = execute_update(
            session,
            update(Job)
            .where(
                Job.id == job_id,
                Job.state == JobState.RUNNING,
                Job.runner == runner,
                Job.lease_until > now,
            )
            .values(lease_until=now, rung_at=now, released_at=now, error=dict(error)),
        )
        if not released:
            return None
        job = session.get_one(Job, job_id, populate_existing=True)
        _record_lost(session, job, now, runner=runner, why=DIED)
        return job.kind


def _record_lost(session: Session, job: Job, now: datetime, *, runner: str | None, why: str) -> None:
    record(
        session,
        workspace_id=job.workspace_id,
        user_id=None,
        at=now,
        action=job_action(job.kind, JobAct.LEASE_LOST),
        subject=job.audit_subject,
        number=job.number,
        runner=runner,
        why=why,
    )
