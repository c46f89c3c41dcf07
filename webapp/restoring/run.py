"""Carrying a restore job out: claim it, walk the bin batch by batch, end it (design section 7).

Safe to be killed at any statement and to be run twice at once: each batch first renews the lease under its
own fence, and a runner whose fence is old finds no row there and stops, its transaction rolled back.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import lock_workspace, write_transaction
from webapp.models import RestoreJob, RestoreOutcome
from webapp.models.audit_event import record
from webapp.models.restore_job import ACTIVE, CANCELLED, DONE, FAILED, RESTORED, RUNNING, SKIPPED
from webapp.restoring.batch import REFUSALS, bring_back, bring_back_carefully, write_outcomes
from webapp.restoring.plan import Verdict, judge, missing
from webapp.restoring.scope import Scope
from webapp.restoring.start import Lease, LeaseUnavailable

log = structlog.get_logger()

# How often a batch is planned again when somebody takes an address in between, before it is bisected.
PLAN_AGAIN = 3
# How often a batch is repeated when the database is locked, deadlocked or away, before the claim is given up.
TRY_AGAIN = 5
# After so many claims without a committed batch the job is failed, and says so.
MOST_CLAIMS = 10

RELEASED, LOST_LEASE, NOTHING_TO_DO = "released", "lost_lease", "nothing_to_do"


@dataclass(frozen=True)
class Pace:
    """How a job is walked: the lease in seconds, contacts a batch, seconds of rest between batches.

    On SQLite a rest is needed: batches back to back starve the web's writes (two seconds at worst).
    """

    lease_seconds: float
    batch_size: int
    rest_seconds: float = 0.0


@dataclass
class Claim:
    """A job as its runner holds it: by this fence, from this place on."""

    job_id: int
    workspace_id: int
    uuid: str
    fence: int
    scope: Scope


class LostLease(Exception):
    """Another runner has claimed the job, or it has ended: nothing more may be written for it."""


def carry_out(
    session: Session,
    lease: Lease,
    job_id: int,
    *,
    pace: Pace,
    should_stop: Callable[[], bool] = lambda: False,
) -> str:
    """Run job `job_id` until it ends, or until `should_stop` says that this process is about to go.

    Returns the job's final state, or RELEASED (somebody must ring again), LOST_LEASE or NOTHING_TO_DO.
    Raises OperationalError where the database stays away; the lease then runs out by itself.
    """
    claim = take(session, job_id, pace)
    if claim is None:
        return NOTHING_TO_DO
    with structlog.contextvars.bound_contextvars(workspace=claim.workspace_id, job=job_id, fence=claim.fence):
        return _walk(session, lease, claim, pace, should_stop)


def _walk(session: Session, lease: Lease, claim: Claim, pace: Pace, should_stop: Callable[[], bool]) -> str:
    log.info("restore_claimed")
    try:
        state = _decide_whether_to_begin(session, claim)
        while state == RUNNING:
            state = _next_batch(session, claim, pace)
            if state != RUNNING:
                break
            _renew(lease, claim)
            if should_stop():
                release(session, claim)
                log.info("restore_released")
                return RELEASED
            time.sleep(pace.rest_seconds)
    except LostLease:
        log.warning("lost_lease")
        return LOST_LEASE
    _give_up_key(lease, claim)
    log.info("restore_ended", state=state)
    return state


def take(session: Session, job_id: int, pace: Pace) -> Claim | None:
    """CLAIM: make an active job whose lease has run out this runner's, with a fence of its own."""
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
            )
            .execution_options(synchronize_session=False)
        )
        if claimed.rowcount == 0:  # type: ignore[attr-defined]
            return None
        job = session.get_one(RestoreJob, job_id, populate_existing=True)
        job.started_at = job.started_at or now
        return Claim(job.id, job.workspace_id, job.uuid, job.fence, Scope.from_dict(job.scope))


def _decide_whether_to_begin(session: Session, claim: Claim) -> str:
    """Stop before the first batch where the right to restore is gone or nothing ever comes of it."""
    with write_transaction(session):
        now = read_clock(session)
        job = hold(session, claim, now)
        if not job.requester.may_restore:
            _end(
                session,
                job,
                CANCELLED,
                now,
                f"{job.requester.name} is not an admin of your account any more.",
            )
        elif job.claims_since_progress > MOST_CLAIMS:
            _end(
                session,
                job,
                FAILED,
                now,
                f"The restore was interrupted {MOST_CLAIMS} times at the same place.",
            )
        return job.state


def hold(session: Session, claim: Claim, now: datetime, pace: Pace | None = None) -> RestoreJob:
    """The first statement of everything a runner writes: prove the fence, renew the lease.

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


def _next_batch(session: Session, claim: Claim, pace: Pace) -> str:
    """Commit one batch, planning it again where an address was taken in between and repeating it where the
    database was busy; neither is a contact's fault. Returns the job's state afterwards."""
    planned = tried = 0
    while True:
        try:
            with write_transaction(session):
                return _write_batch(session, claim, pace, careful=planned >= PLAN_AGAIN)
        except REFUSALS:
            planned += 1
            if planned > PLAN_AGAIN:
                raise
        except OperationalError:
            tried += 1
            if tried >= TRY_AGAIN:
                raise
            log.warning("batch_repeated", tried=tried, exc_info=True)
            time.sleep(0.1 * 2**tried)


def _write_batch(session: Session, claim: Claim, pace: Pace, *, careful: bool) -> str:
    """BATCH: lease, contacts, deals, outcomes, cursor and counters; with the last batch, the end.

    The workspace is locked first, as in a deletion: whether a deal still has a contact is decided by both.
    """
    lock_workspace(session, claim.workspace_id)
    now = read_clock(session)
    job = hold(session, claim, now, pace)
    if job.cancel_requested_at is not None:
        _end(session, job, CANCELLED, now, job.why)
        return job.state
    # The place as committed, not as remembered: a commit whose answer was lost may have moved it.
    verdicts = judge(session, claim.scope, limit=pace.batch_size, after=job.place, job_id=claim.job_id)
    if verdicts:
        job.cursor_deleted_at, job.cursor_id = verdicts[-1].deleted_at, verdicts[-1].contact_id
    is_last = len(verdicts) < pace.batch_size
    if careful:
        verdicts = bring_back_carefully(session, claim.job_id, verdicts) if verdicts else []
    else:
        bring_back(session, claim.job_id, verdicts)
    write_outcomes(session, claim.job_id, verdicts)
    _count(job, verdicts)
    if is_last:
        left = _left_out(session, claim)
        write_outcomes(session, claim.job_id, left)
        _count(job, left)
        _end(session, job, DONE, now, None)
    session.flush()
    return job.state


def _left_out(session: Session, claim: Claim) -> list[Verdict]:
    """The chosen ids that the walk did not meet: deleted again since, or gone from the bin otherwise."""
    if claim.scope.kind != "ids":
        return []
    met = session.scalars(select(RestoreOutcome.contact_id).where(RestoreOutcome.job_id == claim.job_id))
    return missing(sorted(set(claim.scope.ids) - set(met)), [])


def _count(job: RestoreJob, verdicts: list[Verdict]) -> None:
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    job.restored += outcomes[RESTORED]
    job.skipped += outcomes[SKIPPED]
    job.failed += outcomes[FAILED]
    job.claims_since_progress = 0


def _end(session: Session, job: RestoreJob, state: str, now: datetime, why: str | None) -> None:
    """FINISH, in the transaction of the last batch: terminal states are final."""
    job.state, job.finished_at, job.why = state, now, why
    record(
        session,
        workspace_id=job.workspace_id,
        user_id=job.requested_by,
        at=now,
        action=f"restore.{state}",
        subject=f"restore_job:{job.id}",
        restored=job.restored,
        skipped=job.skipped,
        failed=job.failed,
        why=why,
    )


def release(session: Session, claim: Claim) -> None:
    """Give the job back before this process goes, so that the next runner need not wait for the lease."""
    with write_transaction(session):
        now = read_clock(session)
        job = hold(session, claim, now)
        job.lease_until = job.rung_at = now


def _renew(lease: Lease, claim: Claim) -> None:
    try:
        lease.renew(claim.workspace_id, claim.uuid)
    except LeaseUnavailable:
        # The fence keeps the writes safe; the key is set right after a later batch.
        log.warning("lease_not_renewed")


def _give_up_key(lease: Lease, claim: Claim) -> None:
    try:
        lease.release(claim.workspace_id, claim.uuid)
    except LeaseUnavailable:
        # The next start finds the holder's job ended and takes the key over.
        log.warning("lease_not_released")
