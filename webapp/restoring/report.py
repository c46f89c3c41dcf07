"""What became of each contact of a restore, in codes and ids. Names are looked up when they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.models import Contact, Job, RestoreOutcome
from webapp.models.base import filter_only
from webapp.models.restore_outcome import NOT_RESTORED, Reason


@dataclass(frozen=True)
class NotRestored:
    """A contact that was not restored: why, and the contact that has its address. None for one that was
    purged.
    """

    contact_id: int
    reason: str
    detail: str | None
    contact: Contact | None
    other: Contact | None


def reasons(session: Session, job: Job) -> list[tuple[str, int]]:
    """Why contacts were not restored, and how many for each reason; most frequent first.

    With the outcomes and `Job.counts` they add up to what was confirmed.
    """
    counts = dict(
        session.execute(
            select(RestoreOutcome.reason, func.count())
            .where(RestoreOutcome.job_id == job.id, NOT_RESTORED)
            .group_by(RestoreOutcome.reason)
        ).all()
    )
    # By filters, those that matched no longer have no outcome of their own.
    for reason in (
        Reason.NO_LONGER_DELETED,
        Reason.DELETED_AGAIN,
        Reason.NO_LONGER_ELIGIBLE,
        Reason.EXPIRED,
    ):
        if job.count(reason):
            counts[reason] = counts.get(reason, 0) + job.count(reason)
    return sorted(((reason or "", number) for reason, number in counts.items()), key=lambda r: (-r[1], r[0]))


def not_restored(session: Session, job: Job, *, size: int, after: int | None = None) -> list[NotRestored]:
    """The contacts with an outcome other than restored, by id, from the one after the id `after`."""
    query = (
        select(RestoreOutcome)
        .where(RestoreOutcome.job_id == job.id, NOT_RESTORED)
        .order_by(RestoreOutcome.contact_id)
        .limit(size)
    )
    if after is not None:
        query = query.where(RestoreOutcome.contact_id > after)
    outcomes = list(session.scalars(query))
    people = _people(session, job.workspace_id, outcomes)
    return [
        NotRestored(
            contact_id=outcome.contact_id,
            reason=outcome.reason or "",
            detail=outcome.detail,
            contact=people.get(outcome.contact_id),
            other=people.get(outcome.other_contact_id or 0),
        )
        for outcome in outcomes
    ]


def _people(session: Session, workspace_id: int, outcomes: Sequence[RestoreOutcome]) -> dict[int, Contact]:
    wanted = {o.contact_id for o in outcomes} | {o.other_contact_id for o in outcomes if o.other_contact_id}
    found = session.scalars(
        select(Contact).where(Contact.id.in_(wanted), filter_only(Contact.workspace_id == workspace_id))
    )
    return {contact.id: contact for contact in found}
