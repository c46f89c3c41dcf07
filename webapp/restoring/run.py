"""Carrying a restore job out: claim it, walk the bin batch by batch, end it (design section 7).

Safe to be killed at any statement and to be run twice at once: each batch first renews the lease under its
own fence, and a runner whose fence is old finds no row there and stops, its transaction rolled back.

A contact at which processes die time after time is found without its help: after three deaths at one batch
the batch's contacts are taken one at a time, and after three more at one contact that one is left out.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import keep_to_indexes, lock_workspace, write_transaction
from webapp.models import RestoreBatch, RestoreJob, RestoreOutcome
from webapp.models.audit_event import record
from webapp.models.restore_job import CANCELLED, DONE, FAILED, RESTORED, RUNNING, SKIPPED
from webapp.restoring.batch import REFUSALS, bring_back, bring_back_carefully, write_outcomes
from webapp.restoring.claim import Claim, LostLease, give_back, hold, take
from webapp.restoring.interruption import DATABASE_TROUBLE, told
from webapp.restoring.pace import Pace
from webapp.restoring.plan import CRASHED, Verdict, judge, missing
from webapp.restoring.start import Lease, LeaseUnavailable

log = structlog.get_logger()

# How often a batch is planned again when somebody takes an address in between, before it is bisected.
PLAN_AGAIN = 3
# How often a batch is repeated when the database is locked, deadlocked or away, before the claim is given up.
TRY_AGAIN = 5
# After so many deaths at one place the row that they die of is looked for.
MOST_DEATHS = 3
# After so many contacts left out it is not the contacts' doing.
MOST_LEFT_OUT = 5
# After so many claims without a committed batch the job is failed, and says so.
MOST_CLAIMS = 10

RELEASED, LOST_LEASE, NOTHING_TO_DO = "released", "lost_lease", "nothing_to_do"


def carry_out(
    session: Session,
    lease: Lease,
    job_id: int,
    *,
    pace: Pace,
    runner: str = "somebody",
    should_stop: Callable[[], bool] = lambda: False,
) -> str:
    """Run job `job_id` until it ends, or until `should_stop` says that this process is about to go.

    `runner` names this process, so that whoever sees it die can give its job back. Returns the job's final
    state, or RELEASED (somebody must ring again), LOST_LEASE or NOTHING_TO_DO. Raises one of DATABASE_TROUBLE
    where the database stays away, and whatever else comes in between; the job is then given back, to be rung
    for.
    """
    claim = take(session, job_id, pace, runner=runner)
    if claim is None:
        log.info("restore_not_claimed", job=job_id)
        return NOTHING_TO_DO
    # Each claim is an attempt, and the fence is its number.
    with structlog.contextvars.bound_contextvars(
        workspace=claim.workspace_id, job=job_id, attempt=claim.fence
    ):
        log.info("restore_claimed", runner=runner)
        try:
            return _walk(session, lease, claim, pace, should_stop)
        except LostLease:
            log.warning("lost_lease")
            _leave_no_key_behind(session, lease, claim)
            return LOST_LEASE
        except Exception as error:
            _interrupted(session, claim, error)
            raise


def _walk(session: Session, lease: Lease, claim: Claim, pace: Pace, should_stop: Callable[[], bool]) -> str:
    state = _decide_whether_to_begin(session, claim, pace)
    while state == RUNNING:
        began = time.monotonic()
        state = _next_batch(session, claim, pace)
        if state != RUNNING:
            break
        _renew(lease, claim)
        if should_stop():
            give_back(session, claim, counts_as_a_claim=False)
            log.info("restore_released")
            return RELEASED
        time.sleep(pace.rest_after(time.monotonic() - began))
    _give_up_key(lease, claim)
    log.info("restore_ended", state=state)
    return state


def _decide_whether_to_begin(session: Session, claim: Claim, pace: Pace) -> str:
    """Stop before the first batch where the right to restore is gone or nothing ever comes of it; go one
    contact at a time where too many have died."""
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
        elif job.one_by_one and job.claims_since_progress > MOST_DEATHS and _too_many_left_out(session, job):
            _end(
                session,
                job,
                FAILED,
                now,
                f"Each attempt at {MOST_LEFT_OUT} contacts was cut short. The cause must be another.",
            )
        elif job.claims_since_progress > MOST_DEATHS and not job.one_by_one:
            log.warning("one_by_one", contacts=pace.batch_size)
            # From here on the place is another: one contact instead of a batch.
            job.one_by_one, job.claims_since_progress = pace.batch_size, 1
        return job.state


def _too_many_left_out(session: Session, job: RestoreJob) -> bool:
    """Whether the job has left out so many contacts that the next one is not to blame either."""
    left_out = select(func.count()).where(
        RestoreOutcome.job_id == job.id, RestoreOutcome.outcome == FAILED, RestoreOutcome.reason == CRASHED
    )
    return (session.scalar(left_out) or 0) >= MOST_LEFT_OUT


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
        except DATABASE_TROUBLE:
            tried += 1
            if tried >= TRY_AGAIN:
                raise
            log.warning("batch_repeated", tried=tried, exc_info=True)
            # In all a tenth of the lease: 0.2, 0.4, 0.8 and 1.6 seconds.
            time.sleep(pace.lease_seconds / 300 * 2**tried)


def _write_batch(session: Session, claim: Claim, pace: Pace, *, careful: bool) -> str:
    """BATCH: lease, contacts, deals, outcomes, history, cursor and counters; with the last batch, the end.

    The workspace is locked first, as in a deletion: whether a deal still has a contact is decided by both.
    """
    lock_workspace(session, claim.workspace_id)
    if not claim.scope.is_a_search:
        # The walk's index leads from one to the next. A text has an index of its own.
        keep_to_indexes(session)
    now = read_clock(session)
    job = hold(session, claim, now, pace)
    if job.cancel_requested_at is not None:
        _end(session, job, CANCELLED, now, job.why)
        return job.state
    size = 1 if job.one_by_one else pace.batch_size
    # The place as committed, not as remembered: a commit whose answer was lost may have moved it.
    verdicts = judge(session, claim.scope, limit=size, after=job.place, job_id=claim.job_id)
    keep_to_indexes(session)
    is_last = len(verdicts) < size
    if job.one_by_one and job.claims_since_progress > MOST_DEATHS:
        verdicts = [verdict.failed(CRASHED) for verdict in verdicts]
        log.error("contact_left_out", contacts=[verdict.contact_id for verdict in verdicts])
    elif careful:
        verdicts = bring_back_carefully(session, claim.job_id, verdicts) if verdicts else []
    else:
        bring_back(session, claim.job_id, verdicts)
    left = _left_out(session, claim, verdicts) if is_last else []
    write_outcomes(session, claim.job_id, verdicts + left)
    _move_on(session, claim, job, verdicts, left, now)
    if is_last:
        _end(session, job, DONE, now, None)
    session.flush()
    return job.state


def _move_on(
    session: Session, claim: Claim, job: RestoreJob, met: list[Verdict], left: list[Verdict], now: datetime
) -> None:
    """Cursor, counters and history: what the batch met on its way, and what the job leaves out at its end."""
    outcomes = Counter(verdict.outcome for verdict in met + left)
    job.restored += outcomes[RESTORED]
    job.skipped += outcomes[SKIPPED]
    job.failed += outcomes[FAILED]
    job.claims_since_progress = 1  # the one in hand
    job.one_by_one = max(0, job.one_by_one - len(met))
    batch = RestoreBatch(job_id=job.id, fence=claim.fence, contacts=len(met) + len(left), at=now)
    if met:
        batch.from_deleted_at, batch.from_id = met[0].deleted_at, met[0].contact_id
        batch.to_deleted_at, batch.to_id = met[-1].deleted_at, met[-1].contact_id
        job.cursor_deleted_at, job.cursor_id = batch.to_deleted_at, batch.to_id
    session.add(batch)


def _left_out(session: Session, claim: Claim, met: list[Verdict]) -> list[Verdict]:
    """The chosen ids that the walk did not meet: deleted again since, or gone from the bin otherwise."""
    if claim.scope.kind != "ids":
        return []
    before = session.scalars(select(RestoreOutcome.contact_id).where(RestoreOutcome.job_id == claim.job_id))
    return missing(sorted(set(claim.scope.ids) - set(before)), met)


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


def _interrupted(session: Session, claim: Claim, error: Exception) -> None:
    """Give the job back and say why. Where even that cannot be written the lease runs out by itself."""
    # A database that is full, locked or away is no contact's fault, however long it lasts.
    counts = not isinstance(error, DATABASE_TROUBLE)
    log.warning("restore_interrupted", why=told(error))
    # A full disk may have no room for the reason, and yet for the rest, which makes the row no longer.
    for why in (told(error), None):
        try:
            give_back(session, claim, why=why, counts_as_a_claim=counts)
            return
        except LostLease:
            return
        except SQLAlchemyError:
            log.warning("restore_not_given_back", without_reason=why is None)


def _leave_no_key_behind(session: Session, lease: Lease, claim: Claim) -> None:
    """The job may have ended while this runner, believing to hold it, set its key once more."""
    session.rollback()
    if not session.get_one(RestoreJob, claim.job_id, populate_existing=True).is_active:
        _give_up_key(lease, claim)


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
