"""The report of a bulk deletion: what stayed and why, its deals, and where it can be restored."""

from sqlalchemy import func, select

from webapp.contacts.delete_work import deletion_of
from webapp.extensions import db
from webapp.models import Deal, Job, restorable_until
from webapp.words import deleting as words


def delete_report(job: Job) -> dict[str, object]:
    """The context of the job's report; `deletion` is none where it took no contact."""
    session = db.session()
    deletion = deletion_of(session, job)
    deals = 0
    if deletion is not None:
        of_it = select(func.count()).where(Deal.deleted_by_deletion_id == deletion.id)
        deals = session.scalar(of_it) or 0
    return {
        "deletion": deletion,
        "until": restorable_until(deletion.created_at) if deletion else None,
        "deals": words.deals_deleted(deals),
        "figures": words.figures(job),
        "not_deleted": words.not_deleted(job.counts),
    }
