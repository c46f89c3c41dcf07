"""Which contacts are in the recycle bin: what its pages, the scopes of restores and exports ask alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from webapp.models import WINDOW, Contact, Deletion, Job, RestoreOutcome
from webapp.models.base import filter_only
from webapp.models.restore_outcome import IN_CONFLICT, Outcome
from webapp.restoring.filters import Filters
from webapp.restoring.scope import Scope
from webapp.restoring.ways import source_of


@dataclass(frozen=True)
class BinWindow:
    """Which deletions count: those in the window before `as_of`, numbered up to `through`. With `through` it
    was frozen, at `frozen_at` or else at `as_of`: what an undo puts back afterwards does not count."""

    workspace_id: int
    as_of: datetime
    through: int | None = None
    frozen_at: datetime | None = None

    def deletions(self, filters: Filters) -> ColumnElement[bool]:
        """The complete deletions in the window that match `filters`, ignoring the search text."""
        return and_(
            Deletion.workspace_id == self.workspace_id,
            Deletion.completed_at.is_not(None),
            Deletion.created_at >= self.as_of - WINDOW,
            Deletion.number <= self.through if self.through is not None else true(),
            Deletion.created_at >= filters.since if filters.since else true(),
            Deletion.created_at < filters.until if filters.until else true(),
            Deletion.user_id == filters.deleted_by if filters.deleted_by is not None else true(),
            Deletion.source == source_of(filters.how) if filters.how else true(),
            Deletion.number.in_(filters.deletion) if filters.deletion else true(),
        )

    def contacts(self, filters: Filters) -> ColumnElement[bool]:
        """The contacts in the bin that match `filters`, ignoring the search text.

        For a statement that walks the bin. A statement with the contacts' ids uses it in `filter_only`.
        """
        return and_(
            self.by_contact(filters),
            self.by_deletion(filters),
            self._moment(filters),
            _skipped(filters),
            self._not_put_back_since(),
        )

    def by_deletion(self, filters: Filters) -> ColumnElement[bool]:
        """The contacts whose deletion matches `filters`. Only a check: by this index the planner would read
        all contacts of a deletion, unordered."""
        return filter_only(Contact.deletion_id.in_(select(Deletion.id).where(self.deletions(filters))))

    def _moment(self, filters: Filters) -> ColumnElement[bool]:
        """The moments of the deletions in `filters`, from the first to the last, so that the walk begins
        there and ends there. Of one deletion it is a single moment, in which the walk goes by id."""
        if not filters.deletion:
            return true()
        these = aliased(Deletion)
        moments = select(func.min(these.created_at), func.max(these.created_at)).where(
            these.workspace_id == self.workspace_id, these.number.in_(filters.deletion)
        )
        first, last = (
            moments.with_only_columns(moment).scalar_subquery() for moment in moments.selected_columns
        )
        if len(filters.deletion) == 1:
            return Contact.deleted_at == last
        return and_(Contact.deleted_at >= first, Contact.deleted_at <= last)

    def by_contact(self, filters: Filters) -> ColumnElement[bool]:
        """The conditions on the contact's own columns, which are ranges in the index of the walk."""
        return and_(
            self._is_deleted(),
            Contact.deleted_at >= max(self.as_of - WINDOW, filters.since or self.as_of - WINDOW),
            Contact.deleted_at < filters.until if filters.until else true(),
        )

    def _not_put_back_since(self) -> ColumnElement[bool]:
        """The contacts but those that an undo has put back that had not ended when the scope was frozen: they
        have the number of their old deletion, and were not in the bin then, or not all of them (rule 6)."""
        if self.through is None:
            return true()
        undos = self._undos_since()
        return filter_only(or_(Contact.restore_job_id.is_(None), Contact.restore_job_id.not_in(undos)))

    def has_undos_since(self, session: Session) -> bool:
        """Whether there is an undo that had not ended when the scope was frozen."""
        return self.through is not None and session.scalar(self._undos_since().limit(1)) is not None

    def _undos_since(self) -> Select[int]:
        return select(Job.id).where(
            Job.workspace_id == self.workspace_id,
            Job.undo_of.is_not(None),
            or_(Job.finished_at.is_(None), Job.finished_at > (self.frozen_at or self.as_of)),
        )

    def at_moments(self, moments: Sequence[datetime]) -> ColumnElement[bool]:
        """The contacts deleted at these moments, which are within the window."""
        return and_(self._is_deleted(), Contact.deleted_at.in_(moments))

    def _is_deleted(self) -> ColumnElement[bool]:
        return and_(
            Contact.workspace_id == self.workspace_id,
            Contact.deleted_at.is_not(None),
            Contact.merged_into_id.is_(None),
        )


def _skipped(filters: Filters) -> ColumnElement[bool]:
    """The contacts that a restore has skipped because of their addresses."""
    if filters.skipped_by is None:
        return true()
    return Contact.id.in_(
        select(RestoreOutcome.contact_id).where(
            RestoreOutcome.job_id == filters.skipped_by,
            RestoreOutcome.outcome == Outcome.SKIPPED,
            RestoreOutcome.reason.in_(IN_CONFLICT),
        )
    )


def window_of(scope: Scope) -> BinWindow:
    """The window when the dialog opened: later deletions and the time since then do not count (rule 6)."""
    return BinWindow(scope.workspace_id, scope.as_of, scope.through_number, scope.confirmed_at)
