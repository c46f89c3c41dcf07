"""The naive loop: one contact after the other, through the ORM."""

import time

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.factories.people import World
from webapp.clock import read_clock
from webapp.models import Contact, Deal, DealContact, Deletion, Job, RestoreOutcome
from webapp.models.restore_outcome import Outcome


def restore_one_by_one(engine: Engine, world: World, job_id: int, contacts: int) -> float:
    """Restore so many contacts of the bin under job `job_id`, each in a transaction; contacts a second."""
    with Session(engine.execution_options(writes=True)) as session:
        ids = session.scalars(
            select(Contact.id)
            .where(Contact.workspace_id == world.id, Contact.deleted_at.is_not(None))
            .order_by(Contact.deleted_at.desc(), Contact.id.desc())
            .limit(contacts)
        ).all()
        session.commit()
        begun = time.perf_counter()
        for contact_id in ids:
            _restore(session, session.get_one(Job, job_id), session.get_one(Contact, contact_id))
            session.commit()
        return len(ids) / (time.perf_counter() - begun)


def _restore(session: Session, job: Job, contact: Contact) -> None:
    job.lease_until = read_clock(session)
    holder = session.scalar(
        select(Contact.id).where(
            Contact.workspace_id == contact.workspace_id,
            Contact.email_key == contact.email_key,
            Contact.deleted_at.is_(None),
        )
    )
    outcome = Outcome.SKIPPED if holder else Outcome.RESTORED
    session.add(RestoreOutcome(job_id=job.id, contact_id=contact.id, outcome=outcome))
    job.add_counts({outcome: 1})
    if holder is not None:
        return
    deletion_id, contact.deleted_at, contact.restore_job_id = contact.deletion_id, None, job.id
    on_deals = DealContact.contact_id == contact.id, Deal.deleted_at.is_(None)
    for place in session.scalars(select(DealContact).join(Deal).where(*on_deals)):
        if place.detached_by_deletion_id == deletion_id:
            place.detached_at = place.detached_by_deletion_id = None
            place.is_primary = False
    session.get_one(Deletion, deletion_id).in_bin -= 1
