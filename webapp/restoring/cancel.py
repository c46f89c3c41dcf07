"""Stopping a restore: what is done stays done (design section 7, CANCEL)."""

from contextlib import suppress

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import RestoreJob, User
from webapp.models.audit_event import record
from webapp.models.restore_job import CANCELLED, QUEUED, RUNNING
from webapp.restoring.start import Lease, LeaseUnavailable


def cancel(session: Session, lease: Lease, job_id: int, *, by: User | None) -> str:
    """Stop the job at once if it is queued, after the batch in hand if it is running; returns its state then.

    `by` is None where the operator does it. A job that has ended is left as it is, so doing it twice changes
    nothing.
    """
    by_id, why = (by.id, f"Stopped by {by.name}.") if by else (None, "Stopped by the operator.")
    with write_transaction(session):
        now = read_clock(session)
        queued = session.execute(
            update(RestoreJob)
            .where(RestoreJob.id == job_id, RestoreJob.state == QUEUED)
            .values(state=CANCELLED, cancel_requested_at=now, finished_at=now, why=why)
            .execution_options(synchronize_session=False)
        )
        running = session.execute(
            update(RestoreJob)
            .where(
                RestoreJob.id == job_id,
                RestoreJob.state == RUNNING,
                RestoreJob.cancel_requested_at.is_(None),
            )
            .values(cancel_requested_at=now, why=why)
            .execution_options(synchronize_session=False)
        )
        job = session.get_one(RestoreJob, job_id, populate_existing=True)
        if queued.rowcount or running.rowcount:  # type: ignore[attr-defined]
            record(
                session,
                workspace_id=job.workspace_id,
                user_id=by_id,
                at=now,
                action="restore.cancel_requested",
                subject=f"restore_job:{job_id}",
                state=job.state,
            )
        if queued.rowcount:  # type: ignore[attr-defined]
            # However a job ends, one entry says so; of a running one its runner will write it.
            record(
                session,
                workspace_id=job.workspace_id,
                user_id=job.requested_by,
                at=now,
                action="restore.cancelled",
                subject=f"restore_job:{job_id}",
                restored=0,
                skipped=0,
                failed=0,
                why=why,
            )
        state, workspace_id, uuid = job.state, job.workspace_id, job.uuid
    if state == CANCELLED:
        with suppress(LeaseUnavailable):
            # Else the next start finds that the holder's job has ended, and takes the key over.
            lease.release(workspace_id, uuid)
    return state
