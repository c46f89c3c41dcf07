"""What became of each contact of a restore, in codes and ids. Names are looked up when they are shown."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal_column, select, true, union_all
from sqlalchemy.orm import Session

from webapp.models import Contact, Job, RestoreLink, RestoreOutcome
from webapp.models.base import filter_only
from webapp.models.restore_link import LinkEffect, LinkKind
from webapp.models.restore_outcome import IN_CONFLICT
from webapp.restoring.links import EFFECTS, NAMED, LinkCount, read_links
from webapp.restoring.plan import GONE, Example, missing
from webapp.restoring.scope import Scope
from webapp.restoring.verdict import JUDGED, verdicts

# Spelled out: the partial index serves only a statement that states its condition.
WITH_REASON: ColumnElement[bool] = literal_column("restore_outcome.reason IS NOT NULL")


@dataclass(frozen=True)
class ContactOutcome:
    """What became of a contact, or will: why, and the other contact with its address. A contact is None if it
    was purged.
    """

    contact_id: int
    outcome: str
    reason: str | None
    detail: str | None
    contact: Contact | None
    other: Contact | None


def note(session: Session, job: Job) -> None:
    """Note what the report of a job that ends says of all its contacts together. It is opened again and
    again, and counting half a million deals takes half a second each time."""
    counted = count_links(session, job)
    job.report = {"reasons": count_reasons(session, job), "links": [astuple(each) for each in counted]}


def reasons(session: Session, job: Job) -> list[tuple[str, int]]:
    """Why contacts were not simply restored, and how many for each reason; most frequent first.

    With the outcomes and `Job.counts` they add up to what was confirmed.
    """
    if job.report is None:
        return count_reasons(session, job)
    return [(reason, number) for reason, number in job.report["reasons"]]


def count_reasons(session: Session, job: Job) -> list[tuple[str, int]]:
    """The same, counted in the ledger."""
    grouped = session.execute(
        select(RestoreOutcome.reason, func.count())
        .where(RestoreOutcome.job_id == job.id, WITH_REASON)
        .group_by(RestoreOutcome.reason)
    )
    counts = {reason or "": number for reason, number in grouped}
    # By filters, those that matched no longer have no outcome of their own.
    for reason in GONE:
        if job.count(reason):
            counts[reason] = counts.get(reason, 0) + job.count(reason)
    return sorted(counts.items(), key=lambda r: (-r[1], r[0]))


def any_in_conflict(session: Session, job: Job) -> bool:
    """Whether the job has skipped a contact that could be restored in another way."""
    skipped = exists().where(
        RestoreOutcome.job_id == job.id, WITH_REASON, RestoreOutcome.reason.in_(IN_CONFLICT)
    )
    return bool(session.scalar(select(skipped)))


def exceptions(session: Session, job: Job, *, size: int, after: int | None = None) -> list[ContactOutcome]:
    """The contacts that were not simply restored, by id, from the one after the id `after`."""
    return _page(session, job, select(RestoreOutcome).where(WITH_REASON), size, after)


def all_outcomes(session: Session, job: Job, *, size: int, after: int | None = None) -> list[ContactOutcome]:
    """All contacts that have an outcome, in the same way."""
    return _page(session, job, select(RestoreOutcome), size, after)


def _page(
    session: Session, job: Job, query: Select[RestoreOutcome], size: int, after: int | None
) -> list[ContactOutcome]:
    query = query.where(RestoreOutcome.job_id == job.id).order_by(RestoreOutcome.contact_id).limit(size)
    if after is not None:
        query = query.where(RestoreOutcome.contact_id > after)
    rows = list(session.scalars(query))
    people = people_of(session, job.workspace_id, ((row.contact_id, row.other_contact_id) for row in rows))
    return [
        ContactOutcome(
            contact_id=row.contact_id,
            outcome=row.outcome,
            reason=row.reason,
            detail=row.detail,
            contact=people.get(row.contact_id),
            other=people.get(row.other_contact_id or 0),
        )
        for row in rows
    ]


def foreseen(session: Session, workspace_id: int, examples: Iterable[Example]) -> list[ContactOutcome]:
    """The same for the contacts that a plan names."""
    examples = list(examples)
    people = people_of(session, workspace_id, ((each.contact_id, each.other_contact_id) for each in examples))
    return [
        ContactOutcome(
            contact_id=each.contact_id,
            outcome=each.outcome,
            reason=each.reason,
            detail=None,
            contact=people.get(each.contact_id),
            other=people.get(each.other_contact_id or 0),
        )
        for each in examples
    ]


def each_foreseen(session: Session, scope: Scope) -> Iterator[ContactOutcome]:
    """What would become of each contact of `scope`, however many there are; in no order."""
    asked = session.execute(verdicts(scope).execution_options(yield_per=1000))
    left = set(scope.ids)
    for rows in asked.partitions():
        left -= {row[0] for row in rows}
        people = people_of(session, scope.workspace_id, ((row[0], row[-1]) for row in rows))
        for contact_id, _, _, _, code, other in rows:
            outcome, reason = JUDGED[code]
            yield ContactOutcome(
                contact_id, outcome, reason, None, people.get(contact_id), people.get(other or 0)
            )
    gone = missing(session, scope, left)
    people = people_of(session, scope.workspace_id, ((verdict.contact_id, None) for verdict in gone))
    for verdict in gone:
        who = people.get(verdict.contact_id)
        yield ContactOutcome(verdict.contact_id, verdict.outcome, verdict.reason, None, who, None)


def people_of(
    session: Session, workspace_id: int, pairs: Iterable[tuple[int, int | None]]
) -> dict[int, Contact]:
    """The contacts of these pairs by id, deleted ones included."""
    wanted = {contact_id for pair in pairs for contact_id in pair if contact_id}
    if not wanted:
        return {}
    found = session.scalars(
        select(Contact).where(Contact.id.in_(wanted), filter_only(Contact.workspace_id == workspace_id))
    )
    return {contact.id: contact for contact in found}


def links(session: Session, job: Job) -> list[LinkCount]:
    """What did not come back with the contacts, which deals did, and for which lists they are mailable."""
    return count_links(session, job) if job.report is None else read_links(job.report["links"])


def count_links(session: Session, job: Job) -> list[LinkCount]:
    """The same, counted in the ledger."""
    queries = [_largest(job, effect, kind) for effect, kind in EFFECTS]
    return read_links(session.execute(union_all(*queries)).all())


def _largest(job: Job, effect: LinkEffect, kind: LinkKind) -> Select[*tuple[Any, ...]]:
    """The same rows as of `links.largest`. The totals are added up apart: a window over half a million deals
    would be written to disk, and the end of a job counts while it holds its locks."""
    of_it = RestoreLink.job_id == job.id, RestoreLink.effect == effect.value, RestoreLink.kind == kind.value
    totals = (
        select(func.count().label("items"), func.sum(RestoreLink.contacts).label("total"))
        .where(*of_it)
        .cte(f"totals_{effect}_{kind}")
        # Added up once, and not for each of the rows.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    largest = (
        select(RestoreLink.effect, RestoreLink.kind, RestoreLink.item_id, RestoreLink.contacts)
        .where(*of_it)
        .order_by(RestoreLink.contacts.desc(), RestoreLink.item_id)
        .limit(NAMED)
        # As a subquery, because SQLite orders no part of a union.
        .subquery()
    )
    return select(largest, totals).join_from(largest, totals, true())
