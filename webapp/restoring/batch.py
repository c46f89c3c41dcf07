"""One batch of a restore, written in the caller's transaction, never one contact at a time."""

from collections.abc import Sequence

from sqlalchemy import Select, and_, func, insert, literal, select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from webapp.database import execute_update, id_table
from webapp.jobs.isolation import by_halves
from webapp.models import Contact, Deal, DealContact, Deletion, RestoreOutcome
from webapp.models.base import filter_only
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring.plan import Verdict, restored_among


class PlanOutdated(Exception):
    """A contact changed between being judged and being written: judge again."""


# What may be one contact's doing. Anything else is no row's fault.
REFUSALS = (IntegrityError, DataError, PlanOutdated)


def restore_contacts(session: Session, job_id: int, verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
    """Make the contacts judged "restored" live again, with their places on deals; returns `verdicts`.

    Lists, tags, account and Created Date never left the row (deleted in place), so nothing is done for them;
    a list or tag deleted since stays hidden. Raises one of REFUSALS; the caller rolls back.
    """
    restored = restored_among(verdicts)
    if not restored:
        return verdicts
    ids = select(id_table(session, [verdict.contact_id for verdict in restored]).c.value)
    written = execute_update(
        session,
        update(Contact)
        .where(Contact.id.in_(ids), filter_only(Contact.deleted_at.is_not(None)))
        .values(deleted_at=None, restore_job_id=job_id),
    )
    if written != len(restored):
        raise PlanOutdated
    _rejoin_deals(session, ids)
    _count_out(session, [verdict.deletion_id for verdict in restored if verdict.deletion_id is not None])
    return verdicts


def _count_out(session: Session, deletions: Sequence[int]) -> None:
    """Lower each deletion's counter by how often its id is in `deletions`."""
    left = id_table(session, deletions)
    moved = select(left.c.value, func.count().label("contacts")).group_by(left.c.value).subquery()
    execute_update(
        session,
        update(Deletion)
        .where(Deletion.id == moved.c.value)
        .values(in_bin=Deletion.in_bin - moved.c.contacts),
    )


def _rejoin_deals(session: Session, contacts: Select[int]) -> None:
    """A deal that lived on gets back the contact that its deletion detached, never as primary (rule 2)."""
    latest_deletion = (
        select(Contact.deletion_id).where(Contact.id == DealContact.contact_id).scalar_subquery()
    )
    lives_on = select(Deal.id).where(Deal.id == DealContact.deal_id, Deal.deleted_at.is_(None))
    execute_update(
        session,
        update(DealContact)
        .where(
            DealContact.contact_id.in_(contacts),
            filter_only(and_(DealContact.detached_by_deletion_id == latest_deletion, lives_on.exists())),
        )
        .values(detached_at=None, detached_by_deletion_id=None, is_primary=False),
    )


def restore_carefully(session: Session, job_id: int, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The same by halves, until every contact that the database refuses stands alone.

    Returns the verdicts as they came true: those of the refused contacts say why.
    """
    return by_halves(
        session,
        verdicts,
        lambda some: restore_contacts(session, job_id, some),
        lambda verdict, refusal: _refused(session, verdict, refusal),
        REFUSALS,
    )


def _refused(session: Session, verdict: Verdict, refusal: Exception) -> Verdict:
    """An address taken in this very moment is a conflict like any other; anything else is a failure."""
    contact = session.get_one(Contact, verdict.contact_id)
    same_address = select(Contact.id).where(
        Contact.workspace_id == contact.workspace_id,
        Contact.email_key == contact.email_key,
        Contact.deleted_at.is_(None),
    )
    # A contact without an address conflicts with none.
    holder = session.scalar(same_address) if contact.email_key is not None else None
    if holder is not None:
        return verdict._replace(outcome=Outcome.SKIPPED, reason=Reason.EMAIL_TAKEN, other_contact_id=holder)
    # The first line says which rule was broken. The lines after it, on PostgreSQL, hold the contact's data.
    return verdict.failed(Reason.REFUSED, str(getattr(refusal, "orig", None) or refusal).partition("\n")[0])


def write_outcomes(session: Session, job_id: int, verdicts: Sequence[Verdict]) -> None:
    """Write the ledger: one outcome for each contact in each job."""
    restored = restored_among(verdicts)
    if restored:
        # Nearly all of them, and there is nothing else to say about each.
        ids = id_table(session, [verdict.contact_id for verdict in restored])
        session.execute(
            insert(RestoreOutcome).from_select(
                ["job_id", "contact_id", "outcome"],
                select(literal(job_id), ids.c.value, literal(Outcome.RESTORED)),
            )
        )
    others = [verdict for verdict in verdicts if verdict.outcome != Outcome.RESTORED]
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
