"""Finding jobs. Every query begins with the workspace."""

from collections.abc import Collection

from sqlalchemy import BindParameter, Select, bindparam, or_, select
from sqlalchemy.orm import Session, joinedload

from webapp.models import Job
from webapp.models.base import is_in
from webapp.models.job import ACTIVE, JobState

_JOBS = select(Job).options(joinedload(Job.requester), joinedload(Job.private))
_group: BindParameter[str] = bindparam("group")
# Built once: pages and polls ask for it.
_ACTIVE_AND_NEXT = _JOBS.where(
    Job.workspace_id == bindparam("workspace_id"),
    Job.state.in_(ACTIVE),
    or_(Job.exclusive_group == _group, Job.waits_for_group == _group),
)


def active_job(session: Session, workspace_id: int, group: str | None) -> Job | None:
    """The workspace's queued or running job of the group, if there is one."""
    if group is None:
        return None
    return session.scalar(_jobs(workspace_id).where(Job.exclusive_group == group, Job.state.in_(ACTIVE)))


def job_in_line(session: Session, workspace_id: int, group: str | None) -> Job | None:
    """The workspace's job that waits for the active one of the group, if there is one."""
    if group is None:
        return None
    return session.scalar(
        _JOBS.where(
            Job.workspace_id == workspace_id, Job.waits_for_group == group, is_in(Job.state, JobState.QUEUED)
        )
    )


def active_and_next(session: Session, workspace_id: int, group: str) -> tuple[Job | None, Job | None]:
    """The workspace's active job of the group, and the one in line behind it; by one statement."""
    jobs = session.scalars(_ACTIVE_AND_NEXT, {"workspace_id": workspace_id, "group": group}).all()
    active = next((job for job in jobs if job.is_active), None)
    return active, next((job for job in jobs if job.is_waiting), None)


def wants_the_bin(session: Session, workspace_id: int, group: str) -> bool:
    """Whether a job of the group is active or in line: until it has ended, purging stands back (rule 10)."""
    return any(active_and_next(session, workspace_id, group))


def find_by_key(session: Session, workspace_id: int, key: str) -> Job | None:
    """The job that a confirmation with this idempotency key has become, if it has."""
    return session.scalar(select(Job).where(Job.workspace_id == workspace_id, Job.idempotency_key == key))


def find_job(session: Session, workspace_id: int, kinds: Collection[str], job_id: int) -> Job | None:
    """The job, if it is this workspace's and of one of the kinds."""
    return session.scalar(_jobs(workspace_id).where(Job.kind.in_(kinds), Job.id == job_id))


def history(
    session: Session,
    workspace_id: int,
    kinds: Collection[str],
    *,
    size: int,
    older: int | None = None,
) -> list[Job]:
    """The workspace's jobs of the kinds, newest first; `older` is the id of the last one on the page
    before."""
    query = _jobs(workspace_id).where(Job.kind.in_(kinds)).order_by(Job.id.desc()).limit(size)
    if older is not None:
        query = query.where(Job.id < older)
    return list(session.scalars(query))


def _jobs(workspace_id: int) -> Select[Job]:
    return _JOBS.where(Job.workspace_id == workspace_id)
