"""Cancelling a job: what is done stays done (CANCEL of the protocol)."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.jobs.ending import CANCELLED_BY, end_job
from webapp.jobs.line import pass_key_on
from webapp.jobs.lock import Lock
from webapp.models import Job, User
from webapp.models.audit_event import JobAct, job_action, record
from webapp.models.job import ACTIVE, JobState

CANCELLED_BY_OPERATOR = "cancelled_by_operator"


def cancel(session: Session, lock: Lock, job_id: int, *, by: User | None) -> JobState:
    """End the job at once if it is queued or in line, or before its next batch if it is running; returns its
    state then.

    `by` is None where the operator does it. A job that has ended is left as it is, so doing it twice changes
    nothing.
    """
    reason = {"code": CANCELLED_BY, "user": by.id} if by else {"code": CANCELLED_BY_OPERATOR}
    by_id = by.id if by else None
    with write_transaction(session):
        now = read_clock(session)
        requested = execute_update(
            session,
            update(Job)
            .where(
                Job.id == job_id,
                Job.state.in_(ACTIVE),
                Job.cancel_requested_at.is_(None),
            )
            .values(cancel_requested_at=now, reason=reason),
        )
        job = session.get_one(Job, job_id, populate_existing=True)
        if requested:
            record(
                session,
                workspace_id=job.workspace_id,
                user_id=by_id,
                at=now,
                action=job_action(job.kind, JobAct.CANCEL_REQUESTED),
                subject=job.audit_subject,
                number=job.number,
                state=job.state,
            )
            if job.state == JobState.QUEUED:
                end_job(session, job, JobState.CANCELLED, now, reason)
        state, group, workspace_id, uuid = job.state, job.exclusive_group, job.workspace_id, job.uuid
    if state == JobState.CANCELLED:
        pass_key_on(session, lock, group, workspace_id, uuid)
    return JobState(state)
