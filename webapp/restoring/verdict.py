"""What becomes of each contact of a restore, and why: the one statement by which dialog and job judge.

A contact comes back unless its address is taken (docs/rules.md, rule 5): by a live contact, or by a twin in
the same scope. Among twins the most recently deleted one comes first, then the one with the higher id. The
walk goes that way, so it is the one that the walk meets first. Contacts without an address never conflict.
`Conflicts` says what becomes of the others.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    outerjoin,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from webapp.contacts.keyset import Place
from webapp.models import Contact, RestoreOutcome
from webapp.models.base import filter_only
from webapp.models.contact import holder_of_its_address
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring.recycle_bin import WALK, ids_in_scope
from webapp.restoring.scope import Conflicts, Scope

LONGEST_DETAIL = 300
# The outcome that each reason of the statement means.
JUDGED: dict[str | None, tuple[Outcome, Reason | None]] = {
    None: (Outcome.RESTORED, None),
    Reason.MERGED: (Outcome.RESTORED, Reason.MERGED),
    Reason.WITHOUT_ADDRESS: (Outcome.RESTORED, Reason.WITHOUT_ADDRESS),
    Reason.EMAIL_TAKEN: (Outcome.SKIPPED, Reason.EMAIL_TAKEN),
    Reason.TWIN: (Outcome.SKIPPED, Reason.TWIN),
}


class Verdict(NamedTuple):
    """What becomes of one contact, and why."""

    contact_id: int
    deletion_id: int | None
    deleted_at: datetime | None
    outcome: Outcome
    reason: Reason | None = None
    other_contact_id: int | None = None
    detail: str | None = None

    @property
    def is_restored(self) -> bool:
        """Whether it comes back as a contact of its own."""
        return self.outcome == Outcome.RESTORED and self.reason != Reason.MERGED

    @property
    def is_merged(self) -> bool:
        return self.reason == Reason.MERGED

    @property
    def counts_as(self) -> str:
        """Under which name a job counts it: merged, or its outcome."""
        return str(Reason.MERGED if self.is_merged else self.outcome)

    @classmethod
    def expired(cls, contact_id: int) -> "Verdict":
        """A contact that left the window while the job waited in line."""
        return cls(contact_id, None, None, Outcome.SKIPPED, Reason.EXPIRED)

    def failed(self, reason: Reason, detail: str | None = None) -> "Verdict":
        """The same contact, as one that cannot be restored, for `reason`: REFUSED or CRASHED."""
        return self._replace(
            outcome=Outcome.FAILED,
            reason=reason,
            other_contact_id=None,
            detail=detail[:LONGEST_DETAIL] if detail else None,
        )


def judge(
    session: Session, scope: Scope, *, limit: int, after: Place | None = None, job_id: int | None = None
) -> list[Verdict]:
    """Judge the next `limit` contacts of `scope` that the walk meets after `after`, in its order.

    `job_id` is the job that judges: what it has done in earlier batches counts as done by this one.
    """
    met = verdicts(scope, limit=limit, after=after, job_id=job_id)
    in_order = met.order_by(met.selected_columns.deleted_at.desc(), met.selected_columns.contact_id.desc())
    # By the connection: the session would look for objects in each of the rows, which are plain values.
    return [
        Verdict(contact_id, deletion_id, deleted_at, *JUDGED[reason], other)
        for contact_id, deletion_id, deleted_at, _, reason, other in session.connection().execute(in_order)
    ]


def verdicts(
    scope: Scope,
    *,
    limit: int | None = None,
    after: Place | None = None,
    job_id: int | None = None,
    only_conflicts: bool = False,
) -> Select[*tuple[Any, ...]]:
    """The verdicts on all contacts of `scope`, or on those that `judge` judges: contact_id, deletion_id,
    deleted_at, has_address, reason and other_contact_id of each. `JUDGED` has the outcome for each reason.
    With `only_conflicts` those are left out whose address no other contact has, by comparing whole tables.
    """
    if only_conflicts:
        found, twins = _in_conflict(scope)
    else:
        found = _met(scope, limit=limit, after=after).cte("found")
        twins = _twins_among(found)
    met = _with_first_twin(found, twins)
    ours: ColumnElement[bool] = false()
    merged_before: ColumnElement[Any] = null()
    has_address = met.c.email_key.is_not(None).label("has_address")
    query = select(met.c.contact_id, met.c.deletion_id, met.c.deleted_at, has_address)
    if job_id is not None:
        # The holder by its id alone: the planner could also choose the job's own index, which grows with
        # every batch.
        holder = aliased(Contact, name="known_holder")
        query = query.outerjoin_from(met, holder, holder.id == met.c.holder_id)
        ours = func.coalesce(holder.restore_job_id == job_id, false())
        if scope.conflicts == Conflicts.MERGE:
            merged_before = _merged_before(met, job_id)
    return query.add_columns(*_judged(scope.conflicts, met, ours, merged_before))


def _met(scope: Scope, *, limit: int | None, after: Place | None) -> Select[*tuple[Any, ...]]:
    """The contacts to judge, each with the live contact that has its address."""
    contacts = contacts_of(scope)
    if after is not None:
        contacts = contacts.where(WALK.after(after))
    contacts = contacts.add_columns(holder_of_its_address().label("holder_id"))
    return contacts if limit is None else contacts.order_by(*WALK.order).limit(limit)


def contacts_of(scope: Scope) -> Select[*tuple[Any, ...]]:
    """The contacts of `scope`: contact_id, deletion_id, deleted_at and email_key of each."""
    return ids_in_scope(scope).with_only_columns(
        Contact.id.label("contact_id"), Contact.deletion_id, Contact.deleted_at, Contact.email_key
    )


def _in_conflict(scope: Scope) -> tuple[CTE, FromClause]:
    """The same for all contacts with an address that another contact has, and those of them that have twins:
    two comparisons of whole tables."""
    holder, every = aliased(Contact, name="holder"), contacts_of(scope).subquery("every")
    has_same_address = and_(holder.email_key == Contact.email_key, holder.deleted_at.is_(None))
    here = and_(has_same_address, holder.workspace_id == Contact.workspace_id)
    held = contacts_of(scope).join(holder, here).add_columns(holder.id.label("holder_id")).cte("held")
    has_twin = Contact.email_key.in_(_shared(every))
    # By itself, so that several processes of the database can compare.
    twins = contacts_of(scope).where(has_twin).cte("twin").prefix_with("MATERIALIZED", dialect="postgresql")
    no_holder = cast(null(), held.c.holder_id.type).label("holder_id")
    free = select(twins, no_holder).where(twins.c.contact_id.not_in(select(held.c.contact_id)))
    return union_all(select(held), free).cte("found"), twins


def _twins_among(found: CTE) -> FromClause:
    """The contacts that share their addresses. Only these few are sorted by them."""
    return select(found).where(found.c.email_key.in_(_shared(found))).subquery("twin")


def _shared(contacts: FromClause) -> Select[Any]:
    """The addresses that several of these contacts have."""
    key = contacts.c.email_key
    return select(key).where(key.is_not(None)).group_by(key).having(func.count() > 1)


def _with_first_twin(found: CTE, twins: FromClause) -> CTE:
    """The contacts, each with the one of the same address that the walk meets first; null without twins."""
    first = func.first_value(twins.c.contact_id).over(
        partition_by=twins.c.email_key, order_by=(twins.c.deleted_at.desc(), twins.c.contact_id.desc())
    )
    of_each = select(twins.c.contact_id, first.label("first_id")).cte("twins")
    with_first = outerjoin(found, of_each, of_each.c.contact_id == found.c.contact_id)
    return select(found, of_each.c.first_id).select_from(with_first).cte("met")


def _merged_before(met: CTE, job_id: int) -> ColumnElement[int | None]:
    """The contact of the same address that the job itself has merged into the holder in an earlier batch."""
    merged = aliased(Contact, name="merged")
    # By the holder, and then each outcome by its key: the planner would read all outcomes of the job, with a
    # join for each contact, with EXISTS for each batch. The holder can have got another address since.
    outcome = select(RestoreOutcome.contact_id).where(
        RestoreOutcome.job_id == job_id, RestoreOutcome.contact_id == merged.id
    )
    by_job = outcome.scalar_subquery().is_not(None)
    same_address = filter_only(and_(merged.email_key == met.c.email_key, by_job))
    return (
        select(merged.id)
        .where(merged.merged_into_id == met.c.holder_id, same_address)
        .limit(1)
        .scalar_subquery()
    )


def _judged(
    conflicts: Conflicts,
    met: CTE,
    ours: ColumnElement[bool],
    merged_before: ColumnElement[Any],
) -> tuple[ColumnElement[str | None], ColumnElement[int | None]]:
    """The reason and the other contact; both are null for a contact without a conflict."""
    held, has_twin = (
        met.c.holder_id.is_not(None),
        func.coalesce(met.c.first_id, met.c.contact_id) != met.c.contact_id,
    )
    conflict = or_(held, has_twin)
    # An address held by a contact that this job has restored in an earlier batch is a twin's. So plan and run
    # give the same reason.
    taken = and_(held, ~ours)
    twin = case((has_twin, met.c.first_id))
    other: ColumnElement[int | None] = func.coalesce(met.c.holder_id, twin)
    reasons: tuple[tuple[ColumnElement[bool], Reason], ...]
    match conflicts:
        case Conflicts.SKIP:
            reasons = (taken, Reason.EMAIL_TAKEN), (conflict, Reason.TWIN)
        case Conflicts.MERGE:
            is_merged = and_(taken, ~has_twin, merged_before.is_(None))
            reasons = (is_merged, Reason.MERGED), (conflict, Reason.TWIN)
            other = case((and_(taken, ~is_merged), func.coalesce(merged_before, twin)), else_=other)
        case Conflicts.WITHOUT_ADDRESS:
            reasons = ((conflict, Reason.WITHOUT_ADDRESS),)
    reason = case(*((condition, literal(str(reason))) for condition, reason in reasons))
    return reason.label("reason"), other.label("other_contact_id")
