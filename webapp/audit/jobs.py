"""A page of a workspace's jobs, the newest first, of certain kinds and in one state."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session, joinedload

from webapp.contacts.keyset import Keyset, Page, Place
from webapp.models import Job
from webapp.models.job import JobState

NEWEST_FIRST = Keyset(Job.id)
# A job in line is queued for the database, and waits for another one.
IN_LINE = "in_line"
STATES_LISTED = (IN_LINE, *map(str, JobState))


@dataclass(frozen=True)
class Filters:
    """`state` is one of STATES_LISTED, or None for any; `by` is the user who requested them, None for all."""

    kinds: Collection[str]
    state: str | None = None
    by: int | None = None


def read_page(
    session: Session,
    workspace_id: int,
    filters: Filters,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """One page of the workspace's jobs; its rows are jobs with their requesters and private texts."""
    ids = select(Job.id).where(
        Job.workspace_id == workspace_id,
        Job.kind.in_(filters.kinds),
        _is_in(filters.state),
        Job.requested_by == filters.by if filters.by is not None else true(),
    )
    rows = select(Job).options(joinedload(Job.requester), joinedload(Job.private))
    return NEWEST_FIRST.read(session, rows, NEWEST_FIRST.ids(ids), size=size, after=after, before=before)


def _is_in(state: str | None) -> ColumnElement[bool]:
    if state is None:
        return true()
    if state == IN_LINE:
        return and_(Job.state == JobState.QUEUED, Job.waits_for_group.is_not(None))
    if state == JobState.QUEUED:
        return and_(Job.state == JobState.QUEUED, Job.waits_for_group.is_(None))
    return Job.state == JobState(state)
