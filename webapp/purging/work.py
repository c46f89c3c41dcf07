"""The purge as a kind of job: it removes what was deleted more than 31 days ago, the oldest first.

It stands back while a job wants the bin: a contact whose window ends while a restore holds it is left to that
one (docs/rules.md, rule 10). It then ends, done with what it did, and the next one goes on.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Row
from sqlalchemy.orm import Session

from webapp.contacts.delete import BIN_JOBS
from webapp.contacts.keyset import Keyset
from webapp.database import avoid_whole_table_plans
from webapp.jobs import start as jobs
from webapp.jobs.lock import Lock
from webapp.jobs.queries import wants_the_bin
from webapp.jobs.start import Ring
from webapp.jobs.work import NotStarted, Order, Step, Work
from webapp.models import Contact, Job
from webapp.models.job import JobState, Note
from webapp.purging.expired import PURGES, count_expired, expired
from webapp.purging.remove import REFUSALS, remove_batch
from webapp.restoring.work import to_place

PURGED, FAILED = "purged", "failed"
# Why a purge has left some: a job wanted the bin.
STOOD_BACK = "stood_back"
OLDEST_FIRST = Keyset(Contact.deleted_at, Contact.id, descending=False)
# Keys of purges that are started by the clock are made of it.
BY_THE_CLOCK = uuid.UUID("5b0e8d0e-6a53-4b0c-9a0f-2f1f6f6f4a31")


class NothingToPurge(NotStarted):
    """No contact's time is over."""


class PurgeWork(Work):
    kind = "purge"
    group = PURGES
    queue = "bulk"
    # Measured: at most a second on PostgreSQL, and 100 ms on SQLite, where other writers wait for it.
    batch_sizes: ClassVar = {"postgresql": 2000, "sqlite": 200}
    refusals = REFUSALS

    def admit(self, session: Session, order: Order) -> None:
        self.check_requester(session, order)
        if not order.total:
            raise NothingToPurge

    def why_not(self, session: Session, job: Job) -> Note | None:
        return self.why_not_allowed(job)

    def batch(self, session: Session, job: Job, *, size: int, careful: bool) -> Step:
        if wants_the_bin(session, job.workspace_id, BIN_JOBS):
            return Step(cursor=job.cursor, is_last=True)
        avoid_whole_table_plans(session)
        met = _next(session, job, size)
        removed = remove_batch(session, [contact_id for contact_id, _ in met], careful=careful)
        return _step(job, met, {PURGED: removed.gone, FAILED: removed.failed}, is_last=len(met) < size)

    def leave_out(self, session: Session, job: Job) -> Step:
        met = _next(session, job, 1)
        return _step(job, met, {FAILED: len(met)}, is_last=not met)

    def wrap_up(self, session: Session, job: Job, now: datetime) -> None:
        if job.state == JobState.DONE and _next(session, job, 1):
            job.reason = {"code": STOOD_BACK}


PURGE = PurgeWork()


def start_by_the_clock(session: Session, lock: Lock, ring: Ring, workspace_id: int, now: datetime) -> Job:
    """Start the workspace's purge of this hour, and ring a worker for it. Two supervisors start one job.

    Raises a NotStarted, and LockUnavailable.
    """
    hour = now.strftime("%Y-%m-%dT%H")
    key = str(uuid.uuid5(BY_THE_CLOCK, f"{workspace_id}:{hour}"))
    return start(session, lock, ring, workspace_id=workspace_id, key=key, now=now)


def start(session: Session, lock: Lock, ring: Ring, *, workspace_id: int, key: str, now: datetime) -> Job:
    """Start a purge of the workspace, and ring a worker for it. The same `key` again returns the same job.

    Raises NothingToPurge or another NotStarted, and LockUnavailable.
    """
    total = count_expired(session, workspace_id, now)
    order = Order(workspace_id, None, key, {}, total=total)
    return jobs.start(session, lock, ring, PURGE, order)


def _next(session: Session, job: Job, size: int) -> Sequence[Row[int, datetime | None]]:
    """The next `size` contacts after the job's cursor, with the times of their deletions. What expires while
    the job runs is left to the next one, so that each has an end."""
    query = expired(job.workspace_id, job.created_at).with_only_columns(Contact.id, Contact.deleted_at)
    if (place := to_place(job.cursor)) is not None:
        query = query.where(OLDEST_FIRST.after(place))
    return session.execute(query.order_by(*OLDEST_FIRST.order).limit(size)).all()


def _step(
    job: Job, met: Sequence[Row[int, datetime | None]], counts: Mapping[str, int], *, is_last: bool
) -> Step:
    return Step(cursor=_cursor(met) or job.cursor, counts=counts, items=sum(counts.values()), is_last=is_last)


def _cursor(met: Sequence[Row[int, datetime | None]]) -> list[object] | None:
    """The place of the last contact, as `restoring.work.to_place` reads it."""
    if not met:
        return None
    contact_id, deleted_at = met[-1]
    assert deleted_at is not None
    return [deleted_at.isoformat(), contact_id]
