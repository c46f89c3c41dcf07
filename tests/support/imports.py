"""An import that has ended, with its lines, made by hand."""

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from tests.factories.people import World
from webapp.clock import read_clock
from webapp.models import Contact, ImportLine, Job
from webapp.models.import_line import LineOutcome
from webapp.models.job import JobState


def ended_import(
    session: Session, world: World, added: Sequence[Contact], updated: Sequence[Contact] = ()
) -> Job:
    """An import by the admin that has added and updated these contacts, and rejected a line."""
    now = read_clock(session)
    job = Job(
        uuid=str(uuid.uuid4()),
        workspace_id=world.id,
        requested_by=world.admin.id,
        kind="import",
        number=1,
        request={},
        idempotency_key=str(uuid.uuid4()),
        state=JobState.DONE,
        lease_until=now,
        rung_at=now,
        created_at=now,
        finished_at=now,
    )
    session.add(job)
    session.flush()
    lines = [(LineOutcome.ADDED, contact) for contact in added]
    lines += [(LineOutcome.UPDATED, contact) for contact in updated]
    session.add_all(
        ImportLine(job_id=job.id, line=line, outcome=outcome, contact_id=contact.id, version=contact.version)
        for line, (outcome, contact) in enumerate(lines, start=2)
    )
    session.add(ImportLine(job_id=job.id, line=len(lines) + 2, outcome=LineOutcome.REJECTED))
    session.flush()
    return job
