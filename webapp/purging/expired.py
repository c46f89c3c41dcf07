"""Which contacts are due for the purge: those deleted more than 31 days ago (docs/rules.md, rule 10)."""

from datetime import datetime, timedelta

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from webapp.contacts.delete import BIN_JOBS
from webapp.models import WINDOW, Contact, Job, Workspace
from webapp.models.job import ACTIVE

# A day more than the window, so that nothing goes that a page has just shown as restorable.
KEPT = WINDOW + timedelta(days=1)
# The exclusive group of purges: one at a time in a workspace.
PURGES = "purge"


def expired(workspace_id: int, now: datetime) -> Select[int]:
    """The ids of the workspace's contacts whose time is over at `now`, merged ones included; unordered."""
    return select(Contact.id).where(
        Contact.workspace_id == workspace_id,
        Contact.deleted_at.is_not(None),
        Contact.deleted_at < now - KEPT,
    )


def count_expired(session: Session, workspace_id: int, now: datetime) -> int:
    """How many they are."""
    return session.scalar(select(func.count()).select_from(expired(workspace_id, now).subquery())) or 0


def workspaces_to_purge(session: Session, now: datetime) -> list[int]:
    """The workspaces with contacts whose time is over, without those in which a job wants the bin or a purge
    is active."""
    due = exists().where(
        Contact.workspace_id == Workspace.id,
        Contact.deleted_at.is_not(None),
        Contact.deleted_at < now - KEPT,
    )
    group = or_(Job.exclusive_group.in_((BIN_JOBS, PURGES)), Job.waits_for_group == BIN_JOBS)
    busy = exists().where(and_(Job.workspace_id == Workspace.id, Job.state.in_(ACTIVE), group))
    return list(session.scalars(select(Workspace.id).where(due, ~busy).order_by(Workspace.id)))
