"""Holding a restore job: who may write for it, and how that right is taken, proved and given back.

The fence is the number of the claim. Whatever a runner writes proves its fence first, so that one that was
believed dead, and comes back, can write nothing (design section 7, CLAIM).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import RestoreJob
from webapp.models.restore_job import ACTIVE, RUNNING
from webapp.restoring.pace import Pace
from webapp.restoring.scope import Scope


@dataclass
class Claim:
    """A job as its runner holds it: by this fence."""

    job_id: int
    workspace_id: int
    uuid: str
    fence: int
    scope: Scope


class LostLease(Exception):
    """Another runner has claimed the job, or it has ended: nothing more may be written for it."""


def take(session: Session, job_id: int, pace: Pace, *, runner: str = "somebody") -> Claim | None:
    """CLAIM: make an active job whose lease has run out `runner`'s, with a fence of its own.

    None where there is nothing to claim: somebody holds it, it has ended, or there is no such job.
    """
    with write_transaction(session):
        now = read_clock(session)
        claimed = session.execute(
            update(RestoreJob)
            .where(
                RestoreJob.id == job_id,
                RestoreJob.state.in_(ACTIVE),
                RestoreJob.lease_until <= now,
            )
            .values(
                state=RUNNING,
                fence=RestoreJob.fence + 1,
                lease_until=now + timedelta(seconds=pace.lease_seconds),
                claims_since_progress=RestoreJob.claims_since_progress + 1,
                runner=runner,
            )
            .execution_options(synchronize_session=False)
        )
        if claimed.rowcount == 0:  # type: ignore[attr-defined]
            return None
        job = session.get_one(RestoreJob, job_id, populate_existing=True)
        job.started_at = job.started_at or now
        return Claim(job.id, job.workspace_id, job.uuid, job.fence, Scope.from_dict(job.scope))


def hold(session: Session, claim: Claim, now: datetime, pace: Pace | None = None) -> RestoreJob:
    """The first statement of everything a runner writes: prove the fence and, given a pace, renew the lease.

    Raises LostLease where the fence is old or the job has ended.
    """
    held = session.execute(
        update(RestoreJob)
        .where(RestoreJob.id == claim.job_id, RestoreJob.fence == claim.fence, RestoreJob.state == RUNNING)
        .values(lease_until=now + timedelta(seconds=pace.lease_seconds) if pace else RestoreJob.lease_until)
        .execution_options(synchronize_session=False)
    )
    if held.rowcount == 0:  # type: ignore[attr-defined]
        raise LostLease
    return session.get_one(RestoreJob, claim.job_id, populate_existing=True)


def give_back(session: Session, claim: Claim, *, counts_as_a_claim: bool, why: str | None = None) -> None:
    """End the own lease, so that the next runner need not wait for it to run out.

    `why` says what interrupted the work, if anything did. A claim that ends for a reason that is no contact's
    fault does not count as one. Raises LostLease.
    """
    with write_transaction(session):
        now = read_clock(session)
        job = hold(session, claim, now)
        job.lease_until = job.rung_at = now
        # Whoever only goes, because it was told to, leaves no old trouble behind that is over.
        job.last_error = why
        if not counts_as_a_claim:
            job.claims_since_progress = max(0, job.claims_since_progress - 1)


def free(session: Session, job_id: int, *, runner: str, why: str) -> bool:
    """End the lease of `runner`, a process that is known to have died; whether it had one.

    Another runner may have claimed the job since: the lease is that one's then, and stays.
    """
    with write_transaction(session):
        now = read_clock(session)
        freed = session.execute(
            update(RestoreJob)
            .where(
                RestoreJob.id == job_id,
                RestoreJob.state == RUNNING,
                RestoreJob.runner == runner,
                RestoreJob.lease_until > now,
            )
            .values(lease_until=now, rung_at=now, last_error=why)
            .execution_options(synchronize_session=False)
        )
        return bool(freed.rowcount)  # type: ignore[attr-defined]
