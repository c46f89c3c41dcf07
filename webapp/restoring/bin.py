"""The bin: the workspace's contacts deleted within the last 30 days, not merged, their deletion complete."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, select, true
from sqlalchemy.orm import Session

from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.normal import found_by
from webapp.models import WINDOW, Contact, ContactSearch, Deletion, User
from webapp.restoring.filters import Filters
from webapp.restoring.scope import Scope

# The order of the bin's page and of a restore's walk: last deleted first.
WALK = Keyset(Contact.deleted_at, Contact.id)


@dataclass(frozen=True)
class Extent:
    """How far the bin reaches: the window before `as_of`, and deletions numbered up to `through`."""

    workspace_id: int
    as_of: datetime
    through: int | None = None

    def deletions(self, filters: Filters) -> ColumnElement[bool]:
        """The complete deletions in the window that `filters` speaks of, its search text apart."""
        return and_(
            Deletion.workspace_id == self.workspace_id,
            Deletion.completed_at.is_not(None),
            Deletion.created_at >= self.as_of - WINDOW,
            Deletion.number <= self.through if self.through is not None else true(),
            Deletion.created_at >= filters.since if filters.since else true(),
            Deletion.created_at < filters.before if filters.before else true(),
            Deletion.user_id == filters.deleted_by if filters.deleted_by is not None else true(),
            Deletion.number == filters.deletion if filters.deletion is not None else true(),
        )

    def contacts(self, filters: Filters) -> ColumnElement[bool]:
        """The contacts in the bin, for a statement that joins their deletion. The ranges stand on the
        contact as well, where the index of the walk is."""
        return and_(
            self.deletions(filters),
            Contact.workspace_id == self.workspace_id,
            Contact.deleted_at.is_not(None),
            Contact.deleted_at >= max(self.as_of - WINDOW, filters.since or self.as_of - WINDOW),
            Contact.deleted_at < filters.before if filters.before else true(),
            Contact.merged_into_id.is_(None),
        )


def extent_of(scope: Scope) -> Extent:
    """The bin as the dialog saw it: later deletions and the passing of time change nothing (rule 6)."""
    return Extent(scope.workspace_id, scope.as_of, scope.through_number)


def chosen(scope: Scope) -> Select[int]:
    """The ids of the contacts that `scope` means and that are in the bin now, in no order."""
    query = walkable(extent_of(scope), scope.filters or Filters())
    if scope.filters is None:
        query = query.where(Contact.id.in_(scope.ids))
    return query


def walkable(extent: Extent, filters: Filters) -> Select[int]:
    """The ids of the contacts in the bin that `filters` match, in no order, joined to their deletion."""
    query = (
        select(Contact.id).join(Deletion, Deletion.id == Contact.deletion_id).where(extent.contacts(filters))
    )
    if filters.q:
        query = query.join(ContactSearch, ContactSearch.contact_id == Contact.id).where(found_by(filters.q))
    return query


def read_page(
    session: Session,
    extent: Extent,
    filters: Filters,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
    only: list[int] | None = None,
) -> Page:
    """One page of the bin, last deleted first: each contact with the name of who deleted it.

    `only` narrows it to these ids.
    """
    query = (
        walkable(extent, filters)
        .with_only_columns(Contact, User.name)
        .outerjoin(User, User.id == Deletion.user_id)
    )
    if only is not None:
        query = query.where(Contact.id.in_(only))
    return WALK.read(session, query, size=size, after=after, before=before)


def count(session: Session, extent: Extent, filters: Filters) -> int:
    """How many contacts in the bin `filters` match.

    Without a search text the deletions' own counters say it, so a million contacts cost a few rows.
    """
    if not filters.q:
        return int(
            session.scalar(
                select(func.coalesce(func.sum(Deletion.in_bin), 0)).where(extent.deletions(filters))
            )
            or 0
        )
    return session.scalar(select(func.count()).select_from(walkable(extent, filters).subquery())) or 0


def among(session: Session, extent: Extent, filters: Filters, ids: list[int]) -> list[int]:
    """Those of `ids` that are in the bin and match."""
    if not ids:
        return []
    return list(session.scalars(walkable(extent, filters).where(Contact.id.in_(ids))))


def latest_number(session: Session, workspace_id: int) -> int:
    """The number of the workspace's latest complete deletion; 0 before the first."""
    return session.scalar(select(func.max(Deletion.number)).where(Deletion.workspace_id == workspace_id)) or 0


def deleters(session: Session, extent: Extent) -> list[tuple[int, str]]:
    """Who has deleted contacts within the window, by name; also those of whose deletions nothing is left,
    so that a filter by person does not break when the last of their contacts has come back."""
    by = select(Deletion.user_id).where(extent.deletions(Filters()))
    return [
        (user.id, user.name)
        for user in session.scalars(select(User).where(User.id.in_(by)).order_by(User.name, User.id))
    ]
