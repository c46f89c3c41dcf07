"""Finding jobs. Every query begins with the workspace."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from webapp.models import Job
from webapp.models.job import ACTIVE


def active_job(session: Session, workspace_id: int, group: str | None) -> Job | None:
    """The workspace's queued or running job of the group, if there is one."""
    if group is None:
        return None
    return session.scalar(_jobs(workspace_id).where(Job.exclusive_group == group, Job.state.in_(ACTIVE)))


def find_job(session: Session, workspace_id: int, kind: str, job_id: int) -> Job | None:
    """The job, if it is this workspace's."""
    return session.scalar(_jobs(workspace_id).where(Job.kind == kind, Job.id == job_id))


def history(
    session: Session, workspace_id: int, kind: str, *, size: int, older: int | None = None
) -> list[Job]:
    """The workspace's jobs of the kind, newest first; `older` is the id of the last one on the page
    before."""
    query = _jobs(workspace_id).where(Job.kind == kind).order_by(Job.id.desc()).limit(size)
    if older is not None:
        query = query.where(Job.id < older)
    return list(session.scalars(query))


def _jobs(workspace_id: int) -> Select[Job]:
    with_names = select(Job).options(joinedload(Job.requester), joinedload(Job.private))
    return with_names.where(Job.workspace_id == workspace_id)
