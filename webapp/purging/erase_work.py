"""Deleting for ever as a kind of job, in the restore's group: it walks the bin as a restore does, and removes
what it meets.

What was confirmed and has left the bin since is left alone, and counted at the end.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.contacts.delete import BIN_JOBS
from webapp.database import avoid_whole_table_plans
from webapp.jobs import private
from webapp.jobs import start as jobs
from webapp.jobs.lock import Lock
from webapp.jobs.start import Ring
from webapp.jobs.work import NotStarted, Order, Step, Work
from webapp.models import Contact, Job
from webapp.models.job import Note
from webapp.purging.remove import REFUSALS, Removed, remove_batch
from webapp.purging.texts import erase_records, erase_texts, expire_files
from webapp.restoring.recycle_bin import WALK, ids_in_scope
from webapp.restoring.request import scope_of, set_apart
from webapp.restoring.scope import Scope
from webapp.restoring.work import to_place

# How a job counts those that were confirmed, those merged into them, and those that were no longer there.
ERASED, MERGED, FAILED, LEFT_ALONE = "erased", "erased_with_others", "failed", "left_alone"


class NothingToErase(NotStarted):
    """No deleted contact matches the filters any more."""


class SelectionChanged(NotStarted):
    """Some of the selected contacts are no longer among the deleted ones."""


class EraseWork(Work):
    kind = "erase"
    group = BIN_JOBS
    queue = "bulk"
    # Measured: at most a second on PostgreSQL, and 100 ms on SQLite, where other writers wait for it.
    batch_sizes: ClassVar = {"postgresql": 2000, "sqlite": 200}
    refusals = REFUSALS

    def set_apart(self, request: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
        return set_apart(request)

    def admit(self, session: Session, order: Order) -> None:
        """Only an Admin may, exactly what the dialog showed, and not nothing (rules 6, 7)."""
        self.check_requester(session, order)
        scope = Scope.from_dict(order.request)
        here = ids_in_scope(scope)
        if scope.is_by_ids:
            if session.scalar(select(func.count()).select_from(here.subquery())) != scope.expected:
                raise SelectionChanged
        elif session.scalar(here.limit(1)) is None:
            raise NothingToErase

    def why_not(self, session: Session, job: Job) -> Note | None:
        return self.why_not_allowed(job)

    def batch(self, session: Session, job: Job, *, size: int, careful: bool) -> Step:
        # There can be more of these than of the contacts.
        if erase_records(session, job.workspace_id, limit=size) == size:
            return Step(cursor=job.cursor)
        places = _next(session, job, size)
        avoid_whole_table_plans(session)
        ids = [contact_id for _, contact_id in places]
        expire_files(session, job.workspace_id, read_clock(session))
        erase_texts(session, job.workspace_id, ids)
        removed = remove_batch(session, ids, careful=careful)
        return _step(job, places, removed, is_last=len(places) < size)

    def leave_out(self, session: Session, job: Job) -> Step:
        places = _next(session, job, 1)
        return _step(job, places, Removed(0, failed=len(places)), is_last=not places)

    def wrap_up(self, session: Session, job: Job, now: datetime) -> None:
        """The words of its own search go at its end, however it ends: they can name those who are gone."""
        private.erase(session, job.audit_subject, workspace_id=job.workspace_id)


ERASE = EraseWork()


def start(
    session: Session, lock: Lock, ring: Ring, *, scope: Scope, total: int, requested_by: int | None
) -> Job:
    """Make `scope` a job that deletes for ever, of the user `requested_by`, and ring a worker for it. `total`
    counts the contacts merged into those of the scope, too.

    The same scope again returns the same job. Raises NothingToErase, SelectionChanged or another NotStarted;
    then nothing was changed.
    """
    return jobs.start(session, lock, ring, ERASE, order(scope, total, requested_by))


def already_started(session: Session, scope: Scope) -> Job | None:
    """The job that this confirmation has become, if it has."""
    return jobs.already_started(session, ERASE, order(scope, scope.expected))


def order(scope: Scope, total: int, requested_by: int | None = None) -> Order:
    """What the user confirmed, as an order."""
    return Order(scope.workspace_id, requested_by, scope.key, scope.to_dict(), total=total)


def _next(session: Session, job: Job, size: int) -> list[tuple[datetime, int]]:
    """The places of the next `size` contacts of the job's walk, the last deleted first."""
    scope = scope_of(job)
    if not scope.is_selective:
        # The walk's index leads from one contact to the next. A text has an index of its own.
        avoid_whole_table_plans(session)
    query = ids_in_scope(scope).with_only_columns(Contact.deleted_at, Contact.id)
    if (place := to_place(job.cursor)) is not None:
        query = query.where(WALK.after(place))
    found = session.execute(query.order_by(*WALK.order).limit(size)).all()
    return [(deleted_at, contact_id) for deleted_at, contact_id in found if deleted_at is not None]


def _step(job: Job, places: list[tuple[datetime, int]], removed: Removed, *, is_last: bool) -> Step:
    erased = len(places) - removed.failed
    counts = {ERASED: erased, MERGED: removed.gone - erased, FAILED: removed.failed}
    if is_last:
        met = job.count(ERASED) + job.count(FAILED) + len(places)
        counts[LEFT_ALONE] = max(0, scope_of(job).expected - met)
    cursor = [places[-1][0].isoformat(), places[-1][1]] if places else job.cursor
    return Step(cursor=cursor, counts=counts, items=sum(counts.values()), is_last=is_last)
