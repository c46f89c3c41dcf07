"""The deleted contacts, as filtered on Restore Contacts, last deleted first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.contacts.keyset import Place
from webapp.contacts.matching import contact_matches
from webapp.exporting.contact_cells import HEADER, read_contacts
from webapp.exporting.source import Batch, Cells, walk
from webapp.models import Contact, Deletion, User, days_left
from webapp.restoring.bin_window import window_of
from webapp.restoring.filters import Filters
from webapp.restoring.question import about_all
from webapp.restoring.recycle_bin import WALK, count
from webapp.restoring.scope import Scope

# Who deleted the contact; null for a user who has left.
_by = (
    select(User.name)
    .join(Deletion, Deletion.user_id == User.id)
    .where(Deletion.id == Contact.deletion_id)
    .correlate(Contact)
    .scalar_subquery()
)


@dataclass(frozen=True)
class DeletedContacts:
    """The deleted contacts of a frozen scope: contacts that were deleted later are left out, and so are those
    that were restored before their turn."""

    what: ClassVar[str] = "deleted"
    is_for_admins: ClassVar[bool] = True
    header: ClassVar[Cells] = (*HEADER, "Deleted", "Deleted By", "Days Left")
    file_name: ClassVar[str] = "deleted-contacts"

    scope: Scope

    @classmethod
    def freeze(cls, session: Session, workspace_id: int, filters: Filters, now: datetime) -> Self:
        """What Restore Contacts shows at `now`."""
        return cls(about_all(session, workspace_id, filters, now).scope)

    def anew(self, session: Session, now: datetime) -> Self:
        return self.freeze(session, self.scope.workspace_id, self.filters, now)

    @property
    def filters(self) -> Filters:
        return self.scope.filters or Filters()

    @property
    def is_forgotten(self) -> bool:
        return self.scope.is_forgotten

    def read(self, session: Session, *, after: Place | None, size: int, now: datetime) -> Batch:
        ids, end = self._walk(session, after, size)
        matches = [window_of(self.scope).contacts(self.filters)]
        if self.filters.has_text is not None:
            matches.append(contact_matches(Contact.id, self.filters.has_text))
        found = read_contacts(session, self.scope.workspace_id, ids, *matches, more=(Contact.deleted_at, _by))
        rows = [
            [*cells, deleted_at.isoformat(), by or "", days_left(deleted_at, now)]
            for cells, (deleted_at, by) in found
        ]
        return Batch(rows, end, len(ids) < size)

    def skip(self, session: Session, *, after: Place | None) -> Place | None:
        return self._walk(session, after, 1)[1]

    def count(self, session: Session) -> int:
        return count(session, window_of(self.scope), self.filters)

    def _walk(self, session: Session, after: Place | None, size: int) -> tuple[list[int], Place | None]:
        """The next contacts of the bin in the filtered time, whether they match or not."""
        every = window_of(self.scope).by_contact(self.filters)
        return walk(session, WALK, every, after=after, size=size)

    def to_request(self) -> dict[str, Any]:
        return {"what": self.what, "scope": self.scope.to_dict()}

    @classmethod
    def from_request(cls, request: Mapping[str, Any]) -> Self:
        """What `to_request` wrote."""
        return cls(Scope.from_dict(request["scope"]))
