"""Telling users of the end of the jobs that they have requested: once, wherever they are."""

from contextlib import suppress

from sqlalchemy import and_, bindparam, exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import Job, NoticeSeen
from webapp.models.job import ACTIVE
from webapp.models.notice_seen import NoticeKind

# Looked for among so many of the workspace's latest jobs: every page asks.
LATEST = 50

_latest = (
    select(Job.id).where(Job.workspace_id == bindparam("workspace_id")).order_by(Job.id.desc()).limit(LATEST)
)
_seen = exists().where(
    NoticeSeen.user_id == bindparam("user_id"),
    NoticeSeen.kind == NoticeKind.JOB_ENDED,
    NoticeSeen.subject_id == Job.id,
)
# Built once: each page asks for it.
_TO_TELL_OF = (
    select(Job)
    .where(
        Job.id.in_(select(_latest.subquery().c.id)),
        Job.requested_by == bindparam("user_id"),
        or_(Job.state.in_(ACTIVE), and_(Job.finished_at.is_not(None), ~_seen)),
    )
    .order_by(Job.id.desc())
)


def jobs_to_tell_of(session: Session, workspace_id: int, user_id: int) -> list[Job]:
    """The user's jobs that have not ended, and those whose end the user has not seen; newest first."""
    return list(session.scalars(_TO_TELL_OF, {"workspace_id": workspace_id, "user_id": user_id}))


def note_end_seen(session: Session, user_id: int, job_id: int) -> None:
    """Note that the user has seen the end of the job. Doing it twice changes nothing."""
    key = (user_id, NoticeKind.JOB_ENDED, job_id)
    # Another request may note the same between the question and the answer.
    with suppress(IntegrityError), write_transaction(session):
        if session.get(NoticeSeen, key) is None:
            session.add(
                NoticeSeen(
                    user_id=user_id, kind=NoticeKind.JOB_ENDED, subject_id=job_id, at=read_clock(session)
                )
            )
