"""The texts of jobs and audit events that can name a person: kept as long as deleted contacts can be
restored, then erased (docs/adr/0021).
"""

from datetime import datetime

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.models import WINDOW, Job, PrivateText
from webapp.models.job import ACTIVE, subject_of_job

# Erased in one transaction; the next look of the supervisor continues.
ERASED_AT_ONCE = 1000


def keep(session: Session, job: Job, text: str) -> None:
    """Keep the texts of the job's request apart from it, in the caller's transaction; the job has an id."""
    session.add(
        PrivateText(
            subject=job.audit_subject,
            workspace_id=job.workspace_id,
            text=text,
            created_at=job.created_at,
        )
    )


def erase(session: Session, subject: str, *, workspace_id: int) -> bool:
    """Erase the text about one subject at once, in the caller's write transaction; returns whether there was
    one. A job that is under way finds nothing from then on, so end it first."""
    about = delete(PrivateText).where(
        PrivateText.subject == subject, PrivateText.workspace_id == workspace_id
    )
    return execute_update(session, about) > 0


def erase_old(session: Session, *, limit: int = ERASED_AT_ONCE) -> int:
    """Erase texts that are older than the window, at most `limit`; not those of active jobs and of jobs in
    line, which still need them. Returns how many were erased; commits.
    """
    old = _old(read_clock(session)).order_by(PrivateText.created_at).limit(limit)
    if session.scalar(old.limit(1)) is None:
        # Looking is a read. The write lock is only for where there is something to write.
        return 0
    with write_transaction(session):
        return execute_update(session, delete(PrivateText).where(PrivateText.subject.in_(old)))


def _old(now: datetime) -> Select[str]:
    # A job in line has one of these states, too.
    needed = select(subject_of_job(Job.id)).where(Job.state.in_(ACTIVE))
    return select(PrivateText.subject).where(
        PrivateText.created_at < now - WINDOW, PrivateText.subject.not_in(needed)
    )
