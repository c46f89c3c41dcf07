"""The contacts of the overview, as filtered there, newest first."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Self

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.contacts import find
from webapp.contacts.keyset import Place
from webapp.contacts.wanted import Wanted
from webapp.exporting.contact_cells import HEADER, read_contacts
from webapp.exporting.source import Batch, Cells, Texts, walk
from webapp.models import Contact, live
from webapp.models.base import filter_only
from webapp.models.mailing_list import SubscriptionStatus

# The filters of the overview that are kept as ids and codes.
CODES = ("restored_by", "list_id", "status", "tag_id", "account_id")


@dataclass(frozen=True)
class LiveContacts:
    """The live contacts that are `wanted` and are not newer than the dialog: contacts made later have higher
    ids than `through_id`. Each is written as it is when its turn comes; one that is deleted by then is left
    out.

    `names` are those of the list, tag, account and restore in the filters, by field. Where the words of the
    search are no longer kept, nothing is wanted.
    """

    what: ClassVar[str] = "contacts"
    header: ClassVar[Cells] = HEADER
    file_name: ClassVar[str] = "contacts"

    wanted: Wanted
    through_id: int
    names: Texts
    is_forgotten: bool = False

    @property
    def is_for_admins(self) -> bool:
        """Which contacts a restore has restored is for those who see restores."""
        return self.wanted.restored_by is not None

    @classmethod
    def freeze(cls, session: Session, wanted: Wanted, names: Mapping[str, str]) -> Self:
        """What the overview shows now."""
        return cls(wanted, session.scalar(select(func.max(Contact.id))) or 0, names)

    def anew(self, session: Session, now: datetime) -> Self:
        return replace(self, through_id=session.scalar(select(func.max(Contact.id))) or 0)

    def read(self, session: Session, *, after: Place | None, size: int, now: datetime) -> Batch:
        ids, end = self._walk(session, after, size)
        wanted = self.wanted.checks(Contact.id, Contact.account_id)
        rows = read_contacts(session, self.wanted.workspace_id, ids, live(self.wanted.workspace_id), *wanted)
        return Batch([cells for cells, _ in rows], end, len(ids) < size)

    def skip(self, session: Session, *, after: Place | None) -> Place | None:
        return self._walk(session, after, 1)[1]

    def count(self, session: Session) -> int:
        return find.count(session, self.wanted)

    def _walk(self, session: Session, after: Place | None, size: int) -> tuple[list[int], Place | None]:
        """The next contacts, whether they match or not: so no batch looks at more."""
        if self.is_forgotten:
            return [], None
        every = live(self.wanted.workspace_id) & filter_only(Contact.id <= self.through_id)
        return walk(session, find.NEWEST_FIRST, every, after=after, size=size)

    def to_request(self) -> dict[str, Any]:
        wanted = asdict(self.wanted)
        return {
            "what": self.what,
            "through_id": self.through_id,
            "filters": {name: wanted[name] for name in CODES},
            # Otherwise an export whose words are no longer kept would be one of all contacts.
            "has_search": bool(self.wanted.q),
            "texts": {"q": self.wanted.q, **self.names},
        }

    @classmethod
    def from_request(cls, workspace_id: int, request: Mapping[str, Any]) -> Self:
        """What `to_request` wrote; its texts may be missing."""
        texts = dict(request["texts"] or {})
        q, filters = texts.pop("q", ""), request["filters"]
        status = SubscriptionStatus(filters["status"]) if filters["status"] else None
        wanted = Wanted(workspace_id, q, **{**filters, "status": status})
        return cls(wanted, request["through_id"], texts, is_forgotten=request["has_search"] and not q)
