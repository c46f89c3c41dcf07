"""Starting a job: from an order to a queued job (START of the protocol).

The key of the group answers quickly, the partial unique index answers rightly. An order may be given again:
the same key gives the same job.
"""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import func, null, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import lock_workspace, write_transaction
from webapp.jobs.lock import Lock, give_up_key
from webapp.jobs.private import keep
from webapp.jobs.queries import active_job
from webapp.jobs.work import NotStarted, Order, Work
from webapp.models import Job
from webapp.models.audit_event import JobAct, job_action, record

# A lease until then keeps every runner off. A year short of the last one that the databases' drivers read.
NEVER = datetime(9998, 12, 31, tzinfo=UTC)
GIVE_UP_AFTER = 1.0
LOOK_EVERY = 0.05

# Rings a worker for the job of this kind and id.
Ring = Callable[[str, int], None]


class AnotherRequest(NotStarted):
    """This idempotency key already stands for a job with another request."""


class AlreadyRunning(NotStarted):
    """Another job of the group is active: `job`."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.id)
        self.job = job


class BeingStarted(NotStarted):
    """Another job of the group is between its key and its row."""


def start(session: Session, lock: Lock, ring: Ring, work: Work, order: Order) -> Job:
    """Make `order` a job of the kind `work`, and ring a worker for it.

    The same order again returns the same job. Raises NotStarted otherwise; then nothing was changed.
    """
    if known := already_started(session, work, order):
        return known
    holder = str(uuid.uuid4())
    try:
        _take_key(session, lock, work.group, order.workspace_id, holder)
    except AlreadyRunning:
        # A second click of the same confirmation may have been faster by a moment.
        if known := already_started(session, work, order):
            return known
        raise
    try:
        with write_transaction(session):
            lock_workspace(session, order.workspace_id)
            job_id = insert(session, work, order, holder).id
    except IntegrityError:
        give_up_key(lock, work.group, order.workspace_id, holder)
        if known := already_started(session, work, order):
            return known
        if job_in_the_way := active_job(session, order.workspace_id, work.group):
            raise AlreadyRunning(job_in_the_way) from None
        # The job that was in the way has ended since. Asking again is safe and is left to the person.
        raise BeingStarted from None
    except BaseException:
        give_up_key(lock, work.group, order.workspace_id, holder)
        raise
    ring(work.kind, job_id)
    return session.get_one(Job, job_id)


def already_started(session: Session, work: Work, order: Order) -> Job | None:
    """The job that this order has become, if it has. Raises AnotherRequest where its key has another
    request."""
    job = session.scalar(
        select(Job).where(Job.workspace_id == order.workspace_id, Job.idempotency_key == order.key)
    )
    if job is not None and not _is_for(work, order, job):
        raise AnotherRequest
    return job


def _is_for(work: Work, order: Order, job: Job) -> bool:
    """Whether the job has this order's request. Fields that only an earlier release wrote are no difference,
    and texts that have been erased cannot be one."""
    if job.kind != work.kind:
        return False
    (request, text), (has_request, has_text) = work.set_apart(order.request), work.set_apart(job.request)
    kept = has_text or (job.private.text if job.private else None)
    return request.items() <= has_request.items() and kept in (None, text)


def _take_key(session: Session, lock: Lock, group: str | None, workspace_id: int, uuid: str) -> None:
    """Take the workspace's key of the group. Raises AlreadyRunning or BeingStarted where another job has
    it."""
    if group is None:
        return
    give_up = time.monotonic() + GIVE_UP_AFTER
    while (holder := lock.acquire(group, workspace_id, uuid)) is not None:
        session.rollback()  # see what others have committed since
        job = session.scalar(select(Job).where(Job.workspace_id == workspace_id, Job.uuid == holder.uuid))
        if job is not None and job.is_active:
            raise AlreadyRunning(job)
        if time.monotonic() >= give_up:
            if running := active_job(session, workspace_id, group):
                raise AlreadyRunning(running)
            raise BeingStarted
        if job is not None or holder.is_stale:
            lock.evict(group, workspace_id, holder)
        else:
            time.sleep(LOOK_EVERY)


def insert(session: Session, work: Work, order: Order, uuid: str, *, in_line: bool = False) -> Job:
    """Add the job's row, behind the workspace's lock: active, or `in_line` behind the active job.

    Raises what the kind's `admit` raises.
    """
    work.admit(session, order)
    now = read_clock(session)
    request, text = work.set_apart(order.request)
    job = Job(
        uuid=uuid,
        workspace_id=order.workspace_id,
        requested_by=order.requested_by,
        kind=work.kind,
        number=next_number(session, order.workspace_id, work.kind),
        # Not None: the column's default, for the release before, would take its place.
        exclusive_group=null() if in_line else work.group or null(),
        waits_for_group=work.group if in_line else None,
        request=dict(request),
        total=order.total,
        undo_of=order.undo_of,
        counts={},
        idempotency_key=order.key,
        # No runner's yet: the first claim finds it run out. In line it never runs out.
        lease_until=NEVER if in_line else now,
        rung_at=now,
        created_at=now,
    )
    session.add(job)
    session.flush()
    if text is not None:
        keep(session, job, text)
    record(
        session,
        workspace_id=order.workspace_id,
        user_id=order.requested_by,
        at=now,
        action=job_action(work.kind, JobAct.LINED_UP if in_line else JobAct.REQUESTED),
        subject=job.audit_subject,
        number=job.number,
        total=order.total,
    )
    return job


def next_number(session: Session, workspace_id: int, kind: str) -> int:
    """The number of the workspace's next job of this kind, behind the workspace's lock."""
    last = select(func.max(Job.number)).where(Job.workspace_id == workspace_id, Job.kind == kind)
    return (session.scalar(last) or 0) + 1
