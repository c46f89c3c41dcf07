"""The restore as a kind of job: it walks the bin, last deleted first, and restores what it meets."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import and_, func, select, true
from sqlalchemy.orm import Session

from webapp.contacts.delete import BIN_JOBS
from webapp.contacts.keyset import Place
from webapp.contacts.matching import contact_matches
from webapp.contacts.search import SCAN_LIMIT
from webapp.database import avoid_whole_table_plans
from webapp.jobs.work import NotStarted, Order, Step, Work
from webapp.models import Contact, Deletion, Job, RestoreOutcome
from webapp.models.base import filter_only
from webapp.models.job import Note
from webapp.models.restore_outcome import Reason
from webapp.restoring import report
from webapp.restoring.batch import REFUSALS, restore_carefully, restore_contacts, write_outcomes
from webapp.restoring.plan import digest, missing, plan_selection
from webapp.restoring.recycle_bin import ids_in_scope
from webapp.restoring.request import scope_of, set_apart
from webapp.restoring.scope import Scope
from webapp.restoring.verdict import Verdict, judge
from webapp.restoring.waited import count_expired, expired_ids, scope_at_its_turn


class PlanChanged(NotStarted):
    """What the dialog showed is no longer what would happen."""


class NothingToRestore(NotStarted):
    """No deleted contact matches the filters any more."""


class RestoreWork(Work):
    kind = "restore"
    group = BIN_JOBS
    queue = "restore"
    # Measured: at most a second on PostgreSQL, and 100 ms on SQLite, where other writers wait for it.
    batch_sizes: ClassVar = {"postgresql": 5000, "sqlite": 500}
    refusals = REFUSALS

    def set_apart(self, request: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
        return set_apart(request)

    def admit(self, session: Session, order: Order) -> None:
        """Only an Admin of the workspace may restore, exactly what the dialog showed, and not nothing (rules
        6, 7).
        """
        self.check_requester(session, order)
        scope = Scope.from_dict(order.request)
        if scope.is_by_ids:
            if digest(plan_selection(session, scope)) != scope.plan_digest:
                raise PlanChanged
        elif session.scalar(ids_in_scope(scope).limit(1)) is None:
            raise NothingToRestore

    def why_not(self, session: Session, job: Job) -> Note | None:
        return self.why_not_allowed(job)

    def prepare(self, session: Session, job: Job, *, size: int) -> None:
        # The statement that judges has two forms, without and with a place. Compiling them takes as long as
        # half of a batch on SQLite, where other writers would wait for it.
        scope, place = scope_at_its_turn(job), to_place(job.cursor)
        any_more = (job.total or 0) > size
        for after in [None, (scope.as_of, 0)] if place is None and any_more else [place]:
            judge(session, scope, limit=0, after=after, job_id=job.id)

    def batch(self, session: Session, job: Job, *, size: int, careful: bool) -> Step:
        verdicts = _next(session, job, size)
        is_last = len(verdicts) < size
        write = restore_carefully if careful else restore_contacts
        rescue = scope_of(job).rescue
        return _record(session, job, write(session, job, verdicts, rescue=rescue), is_last=is_last)

    def wrap_up(self, session: Session, job: Job, now: datetime) -> None:
        report.note(session, job)

    def leave_out(self, session: Session, job: Job) -> Step:
        verdicts = _next(session, job, 1)
        crashed = [verdict.failed(Reason.CRASHED) for verdict in verdicts]
        return _record(session, job, crashed, is_last=not verdicts)


RESTORE = RestoreWork()


def _next(session: Session, job: Job, size: int) -> list[Verdict]:
    """The verdicts on the next `size` contacts of the job's walk."""
    scope = scope_at_its_turn(job)
    if not scope.is_selective:
        # The walk's index leads from one contact to the next. A text has an index of its own.
        avoid_whole_table_plans(session)
    verdicts = judge(session, scope, limit=size, after=to_place(job.cursor), job_id=job.id)
    avoid_whole_table_plans(session)
    return verdicts


def _record(session: Session, job: Job, met: Sequence[Verdict], *, is_last: bool) -> Step:
    """Write the ledger for the contacts that the batch met and, at the end, account for those it never
    will."""
    left = _never_met(session, job, met) if is_last else []
    verdicts = [*met, *left]
    write_outcomes(session, job.id, verdicts)
    counts = Counter(verdict.counts_as for verdict in verdicts)
    if is_last:
        counts += _gone_since(session, job, len(verdicts))
    cursor = to_cursor(met[-1]) if met else job.cursor
    return Step(cursor=cursor, counts=counts, items=len(verdicts), is_last=is_last)


def _never_met(session: Session, job: Job, met: Sequence[Verdict]) -> list[Verdict]:
    """The selected contacts that the walk has not met: they are no longer deleted, or were deleted again
    since.
    """
    scope = scope_of(job)
    if not scope.is_by_ids:
        return []
    before = session.scalars(select(RestoreOutcome.contact_id).where(RestoreOutcome.job_id == job.id))
    left = set(scope.ids) - set(before) - {verdict.contact_id for verdict in met}
    expired = expired_ids(session, job, left)
    return [*missing(session, scope, left - expired), *map(Verdict.expired, sorted(expired))]


def _gone_since(session: Session, job: Job, now_counted: int) -> Counter[str]:
    """How many contacts the dialog spoke of that matched the filters no longer when their turn came, by
    reason.

    No list was made of them when the dialog opened, so they have no outcome of their own. Only a restore
    and deleting for ever take a contact out of the bin; one that was deleted again since is found by that
    restore and the later deletion.
    """
    scope = scope_of(job)
    gone = scope.expected - job.processed - now_counted
    if scope.filters is None or gone <= 0:
        return Counter()
    expired = min(gone, count_expired(session, job))
    return Counter({Reason.EXPIRED.value: expired}) + _left_the_bin(session, job, scope, gone - expired)


def _left_the_bin(session: Session, job: Job, scope: Scope, gone: int) -> Counter[str]:
    """The reasons of those `gone` that are not in the bin any more, or in it by a later deletion."""
    assert scope.filters is not None
    since = select(Job.id).where(
        Job.workspace_id == scope.workspace_id, Job.kind == job.kind, Job.finished_at > scope.as_of
    )
    later = (
        select(Contact.id, Contact.restore_job_id)
        .where(
            Deletion.workspace_id == scope.workspace_id,
            Deletion.number > scope.through_number,
            Contact.deletion_id == Deletion.id,
            filter_only(Contact.deleted_at.is_not(None)),
        )
        .limit(SCAN_LIMIT + 1)
        .subquery()
    )
    has_text = scope.filters.has_text
    found = true() if has_text is None else contact_matches(later.c.id, has_text)
    restored_since = and_(later.c.restore_job_id.in_(since), found)
    looked_at, again = session.execute(
        select(func.count(), func.count().filter(restored_since)).select_from(later)
    ).one()
    # The earlier deletion of a contact is not known any more: filters by it cannot tell which contact is
    # meant.
    is_certain = looked_at <= SCAN_LIMIT and not replace(scope.filters, q="").any
    if again and not is_certain:
        return Counter({Reason.NO_LONGER_ELIGIBLE.value: gone})
    deleted_again = min(gone, again)
    return Counter(
        {Reason.DELETED_AGAIN.value: deleted_again, Reason.NO_LONGER_DELETED.value: gone - deleted_again}
    )


def to_cursor(verdict: Verdict) -> list[object] | None:
    """The place of a contact in the walk as a job keeps it: the moment of its deletion and its id."""
    assert verdict.deleted_at is not None
    return [verdict.deleted_at.isoformat(), verdict.contact_id]


def to_place(cursor: list[object] | None) -> Place | None:
    """The place that `to_cursor` wrote."""
    if cursor is None:
        return None
    moment, contact_id = cursor
    return datetime.fromisoformat(str(moment)), int(str(contact_id))
