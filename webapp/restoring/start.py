"""Asking for a restore: from a confirmed scope to the workspace's one job (design section 7, START).

The Redis key is the gate that answers quickly; the partial unique index on `restore_job` is the arbiter that
answers rightly. Either may be asked again with the same idempotency key and gives the same job.
"""

import time
import uuid
from collections.abc import Callable
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import lock_workspace, write_transaction
from webapp.models import RestoreJob, User
from webapp.models.audit_event import record
from webapp.models.restore_job import ACTIVE
from webapp.restoring.plan import digest, judge, missing
from webapp.restoring.scope import LARGEST_SELECTION, Scope

# What the column holds.
LONGEST_WORDS = 500
GIVE_UP_AFTER = 1.0
LOOK_EVERY = 0.05


class RestoreRefused(Exception):
    """A restore that was not started. Nothing was changed."""


class NotAllowed(RestoreRefused):
    """Only a member of the group "Admin" may restore."""


class AnotherScope(RestoreRefused):
    """This idempotency key already stands for a job with another scope."""


class AlreadyRunning(RestoreRefused):
    """One restore job at a time; `job` is the one."""

    def __init__(self, job: RestoreJob) -> None:
        super().__init__(job.id)
        self.job = job


class BeingStarted(RestoreRefused):
    """Somebody else's restore is between its key and its row."""


class PlanChanged(RestoreRefused):
    """What the dialog showed is no longer what would happen."""


class LeaseUnavailable(RestoreRefused):
    """The Redis that holds the key cannot be reached."""


class Lease(Protocol):
    """The Redis key that lets one job run in a workspace. Every method may raise LeaseUnavailable."""

    def acquire(self, workspace_id: int, holder: str) -> str | None:
        """Take the key for `holder`; None if that worked, else who holds it."""

    def release(self, workspace_id: int, holder: str) -> None:
        """Give the key up if it is `holder`'s."""

    def renew(self, workspace_id: int, holder: str) -> None:
        """Make the key `holder`'s for its full time."""

    def is_stale(self, workspace_id: int) -> bool:
        """Whether the key was set so long ago that whoever set it must have died before its insert."""


def active_job(session: Session, workspace_id: int) -> RestoreJob | None:
    """The workspace's queued or running job, if there is one."""
    return session.scalar(
        select(RestoreJob).where(RestoreJob.workspace_id == workspace_id, RestoreJob.state.in_(ACTIVE))
    )


def start(
    session: Session,
    lease: Lease,
    ring: Callable[[int], None],
    *,
    scope: Scope,
    requested_by: int,
) -> RestoreJob:
    """Make `scope` a restore job of the user `requested_by`, and ring the worker for it.

    Asked again with the same scope it returns the same job. Raises a RestoreRefused otherwise; then
    nothing was changed.
    """
    if known := already_started(session, scope):
        return known
    holder = str(uuid.uuid4())
    try:
        _take_key(session, lease, scope.workspace_id, holder)
    except AlreadyRunning:
        # Perhaps a second click of the same confirmation was faster by a moment.
        if known := already_started(session, scope):
            return known
        raise
    try:
        with write_transaction(session):
            job = _insert(session, scope, requested_by, holder)
            job_id = job.id
    except IntegrityError:
        lease.release(scope.workspace_id, holder)
        if known := already_started(session, scope):
            return known
        if job_in_the_way := active_job(session, scope.workspace_id):
            raise AlreadyRunning(job_in_the_way) from None
        # Whatever was in the way has ended since; asking again is safe and up to the person.
        raise BeingStarted from None
    except BaseException:
        lease.release(scope.workspace_id, holder)
        raise
    ring(job_id)
    return session.get_one(RestoreJob, job_id)


def already_started(session: Session, scope: Scope) -> RestoreJob | None:
    """The job that this confirmation has become, if it has. Raises AnotherScope where its key has another."""
    job = session.scalar(
        select(RestoreJob).where(
            RestoreJob.workspace_id == scope.workspace_id, RestoreJob.idempotency_key == scope.key
        )
    )
    if job is not None and job.scope_hash != scope.hash:
        raise AnotherScope
    return job


def _take_key(session: Session, lease: Lease, workspace_id: int, holder: str) -> None:
    """Take the workspace's key, or raise for whoever holds it by right."""
    give_up = time.monotonic() + GIVE_UP_AFTER
    while (other := lease.acquire(workspace_id, holder)) is not None:
        session.rollback()  # look with fresh eyes
        job = session.scalar(
            select(RestoreJob).where(RestoreJob.workspace_id == workspace_id, RestoreJob.uuid == other)
        )
        if job is not None and job.is_active:
            raise AlreadyRunning(job)
        if time.monotonic() >= give_up:
            if running := active_job(session, workspace_id):
                raise AlreadyRunning(running)
            raise BeingStarted
        if job is not None or lease.is_stale(workspace_id):
            lease.release(workspace_id, other)
        else:
            time.sleep(LOOK_EVERY)


def _insert(session: Session, scope: Scope, requested_by: int, holder: str) -> RestoreJob:
    lock_workspace(session, scope.workspace_id)
    requester = session.get(User, requested_by)
    if requester is None or requester.workspace_id != scope.workspace_id or not requester.may_restore:
        raise NotAllowed
    if scope.kind == "ids":
        verdicts = judge(session, scope, limit=LARGEST_SELECTION)
        if digest(verdicts + missing(scope.ids, verdicts)) != scope.plan_digest:
            raise PlanChanged
    now = read_clock(session)
    job = RestoreJob(
        uuid=holder,
        workspace_id=scope.workspace_id,
        requested_by=requested_by,
        kind=scope.kind,
        scope=scope.to_dict(),
        scope_hash=scope.hash,
        scope_words=scope.words[:LONGEST_WORDS],
        as_of=scope.as_of,
        through_number=scope.through_number,
        expected=scope.expected,
        idempotency_key=scope.key,
        lease_until=now,  # nobody's yet: the first claim finds it run out
        rung_at=now,
        created_at=now,
    )
    session.add(job)
    session.flush()
    record(
        session,
        workspace_id=scope.workspace_id,
        user_id=requested_by,
        at=now,
        action="restore.requested",
        subject=f"restore_job:{job.id}",
        kind=scope.kind,
        expected=scope.expected,
        words=scope.words,
    )
    return job
