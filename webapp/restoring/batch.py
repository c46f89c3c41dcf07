"""One batch of a restore, written in the caller's transaction, never one contact at a time."""

from collections.abc import Sequence

from sqlalchemy import Select, and_, func, insert, literal, select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from webapp.database import listed
from webapp.models import Contact, Deal, DealContact, Deletion, RestoreOutcome
from webapp.models.base import filter_only
from webapp.models.restore_job import RESTORED, SKIPPED
from webapp.restoring.plan import EMAIL_TAKEN, REFUSED, Verdict


class PlanOutdated(Exception):
    """A contact changed between being judged and being written: judge again."""


# What may be one contact's doing; anything else is no row's fault.
REFUSALS = (IntegrityError, DataError, PlanOutdated)


def bring_back(session: Session, job_id: int, verdicts: Sequence[Verdict]) -> None:
    """Make the contacts judged "restored" live again, with their places on deals.

    Lists, tags, account and Created Date never left the row (soft delete in place), so there is nothing to
    do for them; what was deleted meanwhile stays hidden. Raises one of REFUSALS; the caller rolls
    back.
    """
    coming = [verdict for verdict in verdicts if verdict.outcome == RESTORED]
    if not coming:
        return
    these = select(listed(session, [verdict.contact_id for verdict in coming]).c.value)
    written = session.execute(
        update(Contact)
        .where(Contact.id.in_(these), filter_only(Contact.deleted_at.is_not(None)))
        .values(deleted_at=None, restore_job_id=job_id)
        .execution_options(synchronize_session=False)
    )
    if written.rowcount != len(coming):  # type: ignore[attr-defined]
        raise PlanOutdated
    _rejoin_deals(session, these)
    _count_out(session, [verdict.deletion_id for verdict in coming if verdict.deletion_id is not None])


def _count_out(session: Session, deletions: Sequence[int]) -> None:
    """Count one contact less in the bin for each time that a deletion's id stands in `deletions`."""
    left = listed(session, deletions)
    moved = select(left.c.value, func.count().label("contacts")).group_by(left.c.value).subquery()
    session.execute(
        update(Deletion)
        .where(Deletion.id == moved.c.value)
        .values(in_bin=Deletion.in_bin - moved.c.contacts)
        .execution_options(synchronize_session=False)
    )


def _rejoin_deals(session: Session, contacts: Select[int]) -> None:
    """A deal that lived on gets back the contact that its deletion detached, never as primary (rule 2)."""
    latest_deletion = (
        select(Contact.deletion_id).where(Contact.id == DealContact.contact_id).scalar_subquery()
    )
    lives_on = select(Deal.id).where(Deal.id == DealContact.deal_id, Deal.deleted_at.is_(None))
    session.execute(
        update(DealContact)
        .where(
            DealContact.contact_id.in_(contacts),
            filter_only(and_(DealContact.detached_by_deletion_id == latest_deletion, lives_on.exists())),
        )
        .values(detached_at=None, detached_by_deletion_id=None, is_primary=False)
        .execution_options(synchronize_session=False)
    )


def bring_back_carefully(session: Session, job_id: int, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The same by halves, each in a savepoint, until every contact that the database refuses stands alone.

    Returns the verdicts as they came true: the refused ones say why.
    """
    try:
        with session.begin_nested():
            bring_back(session, job_id, verdicts)
        return list(verdicts)
    except REFUSALS as refusal:
        if len(verdicts) == 1:
            return [_refused(session, verdicts[0], refusal)]
    middle = len(verdicts) // 2
    return [
        *bring_back_carefully(session, job_id, verdicts[:middle]),
        *bring_back_carefully(session, job_id, verdicts[middle:]),
    ]


def _refused(session: Session, verdict: Verdict, refusal: Exception) -> Verdict:
    """An address taken in this very moment is a conflict like any other; anything else is a failure."""
    contact = session.get_one(Contact, verdict.contact_id)
    same_address = select(Contact.id).where(
        Contact.workspace_id == contact.workspace_id,
        Contact.email_key == contact.email_key,
        Contact.deleted_at.is_(None),
    )
    # Without an address there is nobody to be in conflict with.
    holder = session.scalar(same_address) if contact.email_key is not None else None
    if holder is not None:
        return Verdict(
            verdict.contact_id, verdict.deletion_id, verdict.deleted_at, SKIPPED, EMAIL_TAKEN, holder
        )
    # The first line says what rule was broken; those after it, on PostgreSQL, hold the contact's data.
    return verdict.failed(REFUSED, str(getattr(refusal, "orig", None) or refusal).partition("\n")[0])


def write_outcomes(session: Session, job_id: int, verdicts: Sequence[Verdict]) -> None:
    """Write the ledger: one outcome for each contact in each job."""
    restored = [verdict.contact_id for verdict in verdicts if verdict.outcome == RESTORED]
    if restored:
        # Nearly all of them, and there is nothing to say of each but that.
        these = listed(session, restored)
        session.execute(
            insert(RestoreOutcome).from_select(
                ["job_id", "contact_id", "outcome"],
                select(literal(job_id), these.c.value, literal(RESTORED)),
            )
        )
    others = [verdict for verdict in verdicts if verdict.outcome != RESTORED]
    if others:
        session.execute(
            insert(RestoreOutcome),
            [
                {
                    "job_id": job_id,
                    "contact_id": verdict.contact_id,
                    "outcome": verdict.outcome,
                    "reason": verdict.reason,
                    "other_contact_id": verdict.other_contact_id,
                    "detail": verdict.detail,
                }
                for verdict in others
            ],
        )
