"""Carrying a job out: claim it, commit batch after batch, end it (BATCH and FINISH of the protocol).

Safe to be killed at any statement and to run twice at once: each batch first proves the fence of its claim. A
runner whose fence is old finds no row there and stops, its transaction rolled back.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import lock_workspace, write_transaction
from webapp.jobs.claim import Claim, LostLease, claim, prove_fence, release
from webapp.jobs.ending import end_job
from webapp.jobs.interruption import DATABASE_TROUBLE, describe_error
from webapp.jobs.isolation import must_leave_out, narrow_down, why_hopeless
from webapp.jobs.line import pass_key_on
from webapp.jobs.lock import Lock, LockUnavailable, give_up_key
from webapp.jobs.settings import BatchSettings
from webapp.jobs.work import Step, Work
from webapp.models import Job, JobBatch
from webapp.models.job import ACTIVE, JobState, Note

log = structlog.get_logger()

# How often a refused batch is repeated before its items are isolated.
MAX_REPEATS = 3
# How often a batch is tried when the database is locked, deadlocked or away, before the claim is given up.
MAX_TRIES = 5

RELEASED, LOST_LEASE, NOTHING_TO_DO = "released", "lost_lease", "nothing_to_do"


def carry_out(
    session: Session,
    lock: Lock,
    kinds: Mapping[str, Work],
    job_id: int,
    *,
    settings: BatchSettings,
    runner: str = "unknown",
    should_stop: Callable[[], bool] = lambda: False,
) -> str:
    """Run job `job_id` until it ends, until `should_stop` says that this process is about to go, or until a
    job of another workspace has waited for long enough.

    `runner` names this process, so that the parent that sees it die can release its lease. Returns the job's
    final state, or RELEASED (ring for it again), LOST_LEASE or NOTHING_TO_DO. Raises one of DATABASE_TROUBLE
    where the database stays away, and any unexpected error; the job is then released, to be rung for.
    """
    held = claim(session, job_id, kinds.keys(), lease=settings.lease, runner=runner)
    if held is None:
        log.info("job_not_claimed", job=job_id)
        return NOTHING_TO_DO
    # Each claim is an attempt, and the fence is its number.
    with structlog.contextvars.bound_contextvars(
        kind=held.kind, workspace=held.workspace_id, job=job_id, attempt=held.fence
    ):
        log.info("job_claimed", runner=runner)
        try:
            return _Run(session, lock, kinds, held, settings, should_stop).to_its_end()
        except LostLease:
            log.warning("lost_lease")
            _leave_no_key_behind(session, lock, held)
            return LOST_LEASE
        except Exception as error:
            _interrupted(session, held, error)
            raise


class _Run:
    """One claim of one job, from its first batch to its last."""

    def __init__(
        self,
        session: Session,
        lock: Lock,
        kinds: Mapping[str, Work],
        held: Claim,
        settings: BatchSettings,
        should_stop: Callable[[], bool],
    ) -> None:
        self.session, self.lock, self.work, self.held = session, lock, kinds[held.kind], held
        self.same_queue = [kind for kind, work in kinds.items() if work.queue == self.work.queue]
        self.settings, self.should_stop = settings, should_stop
        self.size = settings.size_for(self.work.batch_sizes, session.get_bind().dialect.name)
        self.began = time.monotonic()
        self.is_prepared = False

    def to_its_end(self) -> str:
        state = self._begin()
        while state == JobState.RUNNING:
            batch_began = time.monotonic()
            state = self._next_batch()
            if state != JobState.RUNNING:
                break
            self._renew_key()
            if self.should_stop() or self._has_had_its_turn():
                release(self.session, self.held, counts_as_a_claim=False)
                log.info("job_released")
                return RELEASED
            time.sleep(self.settings.rest.after(time.monotonic() - batch_began))
        pass_key_on(self.session, self.lock, self.held.group, self.held.workspace_id, self.held.uuid)
        log.info("job_ended", state=state)
        return str(state)

    def _begin(self) -> str:
        """Before the first batch: end a job that comes to no end, and narrow down what processes die at."""
        with write_transaction(self.session):
            # What a kind writes at the end may move contacts (`Work.wrap_up`).
            lock_workspace(self.session, self.held.workspace_id, changes_it=False)
            now = read_clock(self.session)
            job = prove_fence(self.session, self.held, now)
            if hopeless := why_hopeless(job):
                self._end(job, JobState.FAILED, now, hopeless)
            else:
                narrow_down(job, self.size)
            return job.state

    def _next_batch(self) -> str:
        """Commit one batch. Repeat it where an item changed under it, and where the database was busy;
        neither is an item's fault. Returns the job's state afterwards.
        """
        refused = tried = 0
        while True:
            try:
                self._prepare()
                with write_transaction(self.session):
                    return self._write_batch(careful=refused >= MAX_REPEATS)
            except self.work.refusals:
                refused += 1
                if refused > MAX_REPEATS:
                    raise
            except DATABASE_TROUBLE:
                tried += 1
                if tried >= MAX_TRIES:
                    raise
                log.warning("batch_repeated", tried=tried, exc_info=True)
                # A tenth of the lease in all: with 30 seconds these are 0.2, 0.4, 0.8 and 1.6.
                time.sleep(self.settings.lease / 300 * 2**tried)

    def _prepare(self) -> None:
        """Once for each claim; nothing for a job that is to be cancelled."""
        if self.is_prepared:
            return
        try:
            job = self.session.get_one(Job, self.held.job_id)
            if job.cancel_requested_at is None:
                self.work.prepare(self.session, job, size=1 if job.one_by_one else self.size)
        finally:
            self.session.rollback()
        self.is_prepared = True

    def _write_batch(self, *, careful: bool) -> str:
        """One transaction: fence, items, ledger, history, cursor and counts; with the last batch, the end.

        The workspace is locked first, before the job's row. Everything that locks both does so in this order.
        """
        session, work = self.session, self.work
        lock_workspace(session, self.held.workspace_id, changes_it=False)
        now = read_clock(session)
        job = prove_fence(session, self.held, now, lease=self.settings.lease)
        if job.cancel_requested_at is not None:
            self._end(job, JobState.CANCELLED, now, job.reason)
        elif reason := work.why_not(session, job):
            self._end(job, JobState.CANCELLED, now, reason)
        elif must_leave_out(job):
            step = work.leave_out(session, job)
            # The last step may have met none any more.
            if step.cursor != job.cursor:
                job.left_out += 1
                log.error("item_left_out", cursor=step.cursor)
            self._move_on(job, step, now)
        else:
            # The cursor is the committed one: a commit whose answer was lost may have moved it.
            size = 1 if job.one_by_one else self.size
            self._move_on(job, work.batch(session, job, size=size, careful=careful), now)
        session.flush()
        return job.state

    def _move_on(self, job: Job, step: Step, now: datetime) -> None:
        job.claims_since_progress = 1  # the current claim
        job.one_by_one = max(0, job.one_by_one - 1)
        job.add_counts(step.counts)
        self.session.add(
            JobBatch(
                job_id=job.id,
                fence=self.held.fence,
                cursor_before=job.cursor,
                cursor_after=step.cursor,
                items=step.items,
                at=now,
            )
        )
        job.cursor = step.cursor
        if step.is_last:
            self._end(job, JobState.DONE, now)

    def _end(self, job: Job, state: JobState, now: datetime, reason: Note | None = None) -> None:
        """End the job; the kind writes what belongs to the end."""
        lock_workspace(self.session, self.held.workspace_id)
        end_job(self.session, job, state, now, reason)
        self.work.wrap_up(self.session, job, now)

    def _has_had_its_turn(self) -> bool:
        """Whether the job has run for a turn and a job of another workspace waits for a runner of this
        queue."""
        if time.monotonic() - self.began < self.settings.turn:
            return False
        long_ago = read_clock(self.session) - timedelta(seconds=self.settings.patience)
        waiting = exists().where(
            Job.state.in_(ACTIVE),
            Job.lease_until <= long_ago,
            Job.rung_at <= long_ago,
            Job.workspace_id != self.held.workspace_id,
            Job.kind.in_(self.same_queue),
        )
        gives_way = bool(self.session.scalar(select(waiting)))
        self.session.rollback()
        if gives_way:
            log.info("gives_way")
        return gives_way

    def _renew_key(self) -> None:
        if self.held.group is None:
            return
        try:
            self.lock.renew(self.held.group, self.held.workspace_id, self.held.uuid)
        except LockUnavailable:
            # The fence keeps the writes safe. A later batch sets the key again.
            log.warning("key_not_renewed")


def _interrupted(session: Session, held: Claim, error: Exception) -> None:
    """Release the job with the error. Where even that cannot be written, the lease runs out by itself."""
    # A database that is full, locked or away is no item's fault, however long it lasts.
    counts = not isinstance(error, DATABASE_TROUBLE)
    described = describe_error(error)
    log.warning("job_interrupted", error=described)
    # A full disk may have no room for the error, and yet for the rest, which makes the row no longer.
    for note in (described, None):
        try:
            release(session, held, error=note, counts_as_a_claim=counts)
            return
        except LostLease:
            return
        except SQLAlchemyError:
            log.warning("job_not_released", without_error=note is None)


def _leave_no_key_behind(session: Session, lock: Lock, held: Claim) -> None:
    """The job may have ended while this runner, believing to hold it, set its key once more."""
    session.rollback()
    if not session.get_one(Job, held.job_id, populate_existing=True).is_active:
        give_up_key(lock, held.group, held.workspace_id, held.uuid)
