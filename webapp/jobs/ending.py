"""Ending a job, in the transaction of the act that ends it: terminal states are final (FINISH of the
protocol).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from webapp.jobs.line import promote
from webapp.models import Job
from webapp.models.audit_event import JobAct, job_action, record
from webapp.models.job import JobState, Note

CANCELLED_BY = "cancelled_by"


def end_job(session: Session, job: Job, state: JobState, now: datetime, reason: Note | None = None) -> None:
    """Put the job into its terminal `state`, and promote the job in line. The audit log has one entry
    for the end of each job: by the user who cancelled it, else by the system.
    """
    job.state, job.finished_at = state, now
    job.reason = dict(reason) if reason else None
    record(
        session,
        workspace_id=job.workspace_id,
        user_id=reason["user"] if reason and reason["code"] == CANCELLED_BY else None,
        at=now,
        action=job_action(job.kind, JobAct(state)),
        subject=job.audit_subject,
        number=job.number,
        counts=job.counts,
        reason=job.reason,
    )
    if job.exclusive_group is not None:
        session.flush()
        promote(session, job.workspace_id, job.exclusive_group, now)
