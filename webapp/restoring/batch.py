"""One batch of a restore, written in the caller's transaction, never one contact at a time."""

from collections.abc import Sequence

from sqlalchemy import FromClause, Select, and_, func, insert, literal, select, union_all, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, id_table, insert_or_update
from webapp.jobs.isolation import by_halves
from webapp.models import Contact, ContactNote, Deal, DealContact, Deletion, Job, RestoreLink, RestoreOutcome
from webapp.models.base import filter_only
from webapp.models.contact_note import NoteKind
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring import links
from webapp.restoring.merging import merge_contacts, renew_search
from webapp.restoring.verdict import Verdict


class PlanOutdated(Exception):
    """A contact changed between being judged and being written: judge again."""


# What may be one contact's doing. Anything else is no row's fault.
REFUSALS = (IntegrityError, DataError, PlanOutdated)


def restore_contacts(
    session: Session, job: Job, verdicts: Sequence[Verdict], *, rescue: bool
) -> Sequence[Verdict]:
    """Make the contacts judged "restored" live again, with their places on deals, and merge those judged so;
    returns `verdicts`. With `rescue` the deals come back that were deleted with them.

    Lists, tags, account and Created Date never left the row (deleted in place), so nothing is done for them;
    a list or tag deleted since stays hidden. Raises one of REFUSALS; the caller rolls back.
    """
    restored = [verdict.contact_id for verdict in verdicts if verdict.is_restored]
    merged = [verdict.contact_id for verdict in verdicts if verdict.is_merged]
    if not restored and not merged:
        return verdicts
    _leave_addresses(session, job, [v.contact_id for v in verdicts if v.reason == Reason.WITHOUT_ADDRESS])
    ids = select(id_table(session, restored).c.value)
    written = execute_update(
        session,
        update(Contact)
        .where(
            Contact.id.in_(ids),
            filter_only(and_(Contact.deleted_at.is_not(None), Contact.merged_into_id.is_(None))),
        )
        .values(deleted_at=None, restore_job_id=job.id),
    )
    if written != len(restored):
        raise PlanOutdated
    back = _came_back(session, [*restored, *merged])
    if rescue:
        _rescue_deals(session, job, back)
    _rejoin_deals(session, ids)
    if merged and merge_contacts(session, merged, read_clock(session)) != len(merged):
        raise PlanOutdated
    came = [verdict for verdict in verdicts if verdict.outcome == Outcome.RESTORED]
    deletions = [verdict.deletion_id for verdict in came if verdict.deletion_id is not None]
    move_in_bin(session, deletions, by=-1)
    there_is = links.what_exists(session, job.workspace_id)
    counts = links.lost(back, there_is)
    with_address = (
        select(back.c.contact_id, back.c.deleted_at)
        .join(Contact, Contact.id == back.c.contact_id)
        .where(filter_only(and_(Contact.deleted_at.is_(None), Contact.email_key.is_not(None))))
    )
    counts.append(links.mailable(with_address.subquery(), there_is))
    _write_links(session, job, counts)
    return verdicts


def _came_back(session: Session, ids: Sequence[int]) -> FromClause:
    """These contacts with their deletions, as `links` takes them."""
    of_batch = id_table(session, ids)
    return (
        select(Contact.id.label("contact_id"), Contact.deletion_id, Deletion.created_at.label("deleted_at"))
        .join_from(of_batch, Contact, Contact.id == of_batch.c.value)
        .join(Deletion, Deletion.id == Contact.deletion_id)
        .subquery()
    )


def _leave_addresses(session: Session, job: Job, ids: Sequence[int]) -> None:
    """Turn the addresses of these contacts, which other contacts have, into notes."""
    if not ids:
        return
    theirs = Contact.id.in_(select(id_table(session, ids).c.value))
    note = select(
        Contact.id,
        literal(job.id),
        literal(read_clock(session), ContactNote.created_at.type),
        literal(NoteKind.FORMER_ADDRESS.value),
        Contact.email,
    ).where(theirs)
    columns = ["contact_id", "job_id", "created_at", "kind", "text"]
    execute_update(session, insert(ContactNote).from_select(columns, note))
    execute_update(session, update(Contact).where(theirs).values(email=None, email_key=None))
    renew_search(session, ids)


def move_in_bin(session: Session, deletions: Sequence[int], *, by: int) -> None:
    """Change each deletion's counter of contacts in the bin by `by`, as often as its id is in `deletions`."""
    moving = id_table(session, deletions)
    moved = select(moving.c.value, func.count().label("contacts")).group_by(moving.c.value).subquery()
    execute_update(
        session,
        update(Deletion)
        .where(Deletion.id == moved.c.value)
        .values(in_bin=Deletion.in_bin + by * moved.c.contacts),
    )


def _rescue_deals(session: Session, job: Job, back: FromClause) -> None:
    """Bring back the deals that were deleted with the last of these contacts, without a primary. A deal keeps
    the id of that deletion, by which the job's later batches know it."""
    _write_links(session, job, [links.rescued_deals(back, by_job=job.id)])
    execute_update(
        session,
        update(Deal)
        .where(
            Deal.id.in_(links.rescued_by(job.id)),
            Deal.deleted_at.is_not(None),
            Deal.deleted_by_deletion_id.in_(select(back.c.deletion_id)),
        )
        .values(deleted_at=None),
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


def _write_links(session: Session, job: Job, counts: Sequence[Select[int]]) -> None:
    """Add these counts to the job's ledger of links."""
    each = union_all(*counts).subquery()
    rows = select(literal(job.id).label("job_id"), each)
    columns = ["job_id", "effect", "kind", "item_id", "contacts"]
    insert_or_update(session, RestoreLink, columns, rows, add_to="contacts")


def restore_carefully(
    session: Session, job: Job, verdicts: Sequence[Verdict], *, rescue: bool
) -> Sequence[Verdict]:
    """The same by halves, until every contact that the database refuses stands alone.

    Returns the verdicts as they came true: those of the refused contacts say why.
    """
    return by_halves(
        session,
        verdicts,
        lambda some: restore_contacts(session, job, some, rescue=rescue),
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
    in_conflict = verdict.reason is None and contact.email_key is not None
    holder = session.scalar(same_address) if in_conflict else None
    if holder is not None:
        return verdict._replace(outcome=Outcome.SKIPPED, reason=Reason.EMAIL_TAKEN, other_contact_id=holder)
    # The first line says which rule was broken. The lines after it, on PostgreSQL, hold the contact's data.
    return verdict.failed(Reason.REFUSED, str(getattr(refusal, "orig", None) or refusal).partition("\n")[0])


def write_outcomes(session: Session, job_id: int, verdicts: Sequence[Verdict]) -> None:
    """Write the ledger: one outcome for each contact in each job."""
    restored = [verdict.contact_id for verdict in verdicts if verdict.is_restored]
    if restored:
        ids = id_table(session, restored)
        as_it_is = select(literal(job_id), ids.c.value, literal(Outcome.RESTORED), Contact.version)
        session.execute(
            insert(RestoreOutcome).from_select(
                ["job_id", "contact_id", "outcome", "version"],
                as_it_is.join_from(ids, Contact, Contact.id == ids.c.value),
            )
        )
    kept = [verdict for verdict in verdicts if verdict.is_restored and verdict.reason is not None]
    if kept:
        # Nearly all have nothing else to say.
        session.execute(
            update(RestoreOutcome),
            [
                {
                    "job_id": job_id,
                    "contact_id": verdict.contact_id,
                    "reason": verdict.reason,
                    "other_contact_id": verdict.other_contact_id,
                }
                for verdict in kept
            ],
        )
    merged = [verdict.contact_id for verdict in verdicts if verdict.is_merged]
    if merged:
        ids = id_table(session, merged)
        as_merged = (*map(literal, (Outcome.RESTORED, str(Reason.MERGED))), Contact.merged_into_id)
        session.execute(
            insert(RestoreOutcome).from_select(
                ["job_id", "contact_id", "outcome", "reason", "other_contact_id"],
                select(literal(job_id), ids.c.value, *as_merged).join_from(
                    ids, Contact, Contact.id == ids.c.value
                ),
            )
        )
    others = [verdict for verdict in verdicts if not (verdict.is_restored or verdict.is_merged)]
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
