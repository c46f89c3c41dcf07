"""Deleting very many contacts as a kind of job: all that match, or those that an import has added.

All batches together are one deletion, begun by the first one that takes a contact. It is completed with the
job, however that ends: until then its contacts are gone from the live ones, and cannot be restored yet.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.contacts.delete import BIN_JOBS, begin_deletion, complete_deletion, let_go, mark_deleted
from webapp.contacts.delete_scope import Met, Scope, Stayed, scope_of_job, set_apart
from webapp.database import avoid_whole_table_plans, id_table
from webapp.jobs import start as jobs
from webapp.jobs.isolation import by_halves
from webapp.jobs.lock import Lock
from webapp.jobs.start import Ring
from webapp.jobs.work import NotStarted, Order, Step, Work
from webapp.models import Deletion, Job, Right
from webapp.models.job import Note

DELETED, FAILED = "deleted", "failed"
# The code for a requester who may not delete so many contacts any more.
DELETE_NOT_ALLOWED = "delete_not_allowed"
# The sources of the deletions: as one of the overview, of a command, or of an undone import.
SOURCE, BY_COMMAND, UNDONE_IMPORT = "overview", "command", "undone_import"


class NothingToDelete(NotStarted):
    """No contact is meant any more."""


class ChangedSince(Exception):
    """A contact was changed between the moment at which the batch met it and that at which it took it."""


class DeleteWork(Work):
    kind = "delete"
    group = BIN_JOBS
    right = Right.DELETE_MANY
    not_allowed = DELETE_NOT_ALLOWED
    queue = "bulk"
    # Measured: at most a second on PostgreSQL, and 100 ms on SQLite, where other writers wait for it.
    batch_sizes: ClassVar = {"postgresql": 3000, "sqlite": 300}
    refusals = (IntegrityError, DataError, ChangedSince)

    def set_apart(self, request: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
        return set_apart(request)

    def admit(self, session: Session, order: Order) -> None:
        """Only who has the right may delete more contacts than can be ticked, and not none."""
        self.check_requester(session, order)
        if not order.total:
            raise NothingToDelete

    def why_not(self, session: Session, job: Job) -> Note | None:
        return self.why_not_allowed(job)

    def batch(self, session: Session, job: Job, *, size: int, careful: bool) -> Step:
        avoid_whole_table_plans(session)
        scope = scope_of_job(job)
        met = scope.meet(session, job, size)
        return _step(job, met, _take(session, job, scope, met.ids, careful=careful))

    def leave_out(self, session: Session, job: Job) -> Step:
        met = scope_of_job(job).meet(session, job, 1)
        return _step(job, met, Counter({FAILED: len(met.ids)}))

    def wrap_up(self, session: Session, job: Job, now: datetime) -> None:
        """Complete the deletion with what it has taken."""
        if deletion := deletion_of(session, job):
            complete_deletion(session, deletion, now)


DELETE = DeleteWork()


def start(
    session: Session,
    lock: Lock,
    ring: Ring,
    *,
    workspace_id: int,
    request: Mapping[str, Any],
    total: int,
    key: str,
    requested_by: int | None,
) -> Job:
    """Make `request`, which is that of a scope of `total` contacts, a job, and ring a worker for it.

    The same `key` again returns the same job. Raises NothingToDelete or another NotStarted; then nothing was
    changed.
    """
    order = Order(workspace_id, requested_by, key, request, total, undo_of=request.get("import"))
    return jobs.start(session, lock, ring, DELETE, order)


def started(session: Session, workspace_id: int, key: str) -> Job | None:
    """The job that a confirmation with this key has become, if it has."""
    return session.scalar(
        select(Job).where(
            Job.workspace_id == workspace_id, Job.idempotency_key == key, Job.kind == DeleteWork.kind
        )
    )


def deletion_of(session: Session, job: Job) -> Deletion | None:
    """The deletion that the job carries out, if it has taken a contact."""
    return session.scalar(select(Deletion).where(Deletion.job_id == job.id))


def _take(session: Session, job: Job, scope: Scope, ids: Sequence[int], *, careful: bool) -> Counter[str]:
    """Delete the contacts; returns how many were deleted, and how many the database refused."""
    if not ids:
        return Counter()
    begun = deletion_of(session, job)
    deletion = begun or begin_deletion(
        session,
        workspace_id=job.workspace_id,
        by=job.requested_by,
        now=read_clock(session),
        source=_source(job),
        job_id=job.id,
    )

    def write(some: Sequence[int]) -> Sequence[str]:
        which = select(id_table(session, some).c.value)
        if mark_deleted(session, deletion, which, only=scope.still()) != len(some):
            raise ChangedSince
        let_go(session, deletion, which, read_clock(session))
        return [DELETED] * len(some)

    if careful:
        taken = Counter(by_halves(session, ids, write, _refuse, DELETE.refusals))
    else:
        taken = Counter(write(ids))
    if not begun and not taken[DELETED]:
        session.delete(deletion)
    return taken


def _refuse(_contact_id: int, refusal: Exception) -> str:
    return Stayed.CHANGED if isinstance(refusal, ChangedSince) else FAILED


def _step(job: Job, met: Met, taken: Counter[str]) -> Step:
    counts = taken + Counter(met.stayed)
    if met.is_last:
        # Of these the dialog spoke. Those that were added or restored since are others.
        spoken_of = (DELETED, FAILED, Stayed.CHANGED, Stayed.GONE)
        accounted = sum(job.count(name) + counts[name] for name in spoken_of)
        counts[Stayed.GONE] += max(0, (job.total or 0) - accounted)
    return Step(cursor=met.cursor, counts=+counts, items=sum(counts.values()), is_last=met.is_last)


def _source(job: Job) -> str:
    if "import" in job.request:
        return UNDONE_IMPORT
    return SOURCE if job.requested_by is not None else BY_COMMAND
