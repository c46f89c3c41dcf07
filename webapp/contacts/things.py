"""Lists, tags and accounts as pages show them: by name, each with the number of its live contacts; and the
contacts of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, func, literal, select, true
from sqlalchemy.orm import Session

from webapp.catalogue.members import contact_column, count_members, live_members
from webapp.catalogue.names import Named
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import SCAN_LIMIT, Amount
from webapp.models import Account, Contact, MailingList, Subscription, Tag, live
from webapp.models.base import filter_only
from webapp.models.mailing_list import SubscriptionStatus

# The contacts that were created last come first.
LAST_CREATED_FIRST = Keyset(Contact.id)

Thing = Account | MailingList | Tag


def by_name(kind: Named) -> Keyset:
    """The order of lists, tags or accounts."""
    return Keyset(kind.name_key, kind.id, descending=False)


def live_things(kind: Named, workspace_id: int, key: str = "") -> ColumnElement[bool]:
    """The workspace's live ones whose names have `key` in their keys. One that the previous release has made
    has no key until the worker gives it one."""
    has_key = kind.name_key.contains(key, autoescape=True) if key else true()
    return (
        (kind.workspace_id == workspace_id) & kind.deleted_at.is_(None) & kind.name_key.is_not(None) & has_key
    )


def find_thing(session: Session, kind: Named, workspace_id: int, row_id: int) -> Thing | None:
    """The workspace's live list, tag or account with this id."""
    here = select(kind).where(kind.id == row_id, kind.workspace_id == workspace_id, kind.deleted_at.is_(None))
    found: Any = session.scalar(here)
    return cast("Thing | None", found)


def read_things(
    session: Session,
    kind: Named,
    workspace_id: int,
    key: str,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """One page of them, by name."""
    order = by_name(kind)
    ids = order.ids(select(kind.id).where(live_things(kind, workspace_id, key)))
    rows = select(kind).where(filter_only(live_things(kind, workspace_id)))
    return order.read(session, rows, ids, size=size, after=after, before=before)


def amounts(session: Session, kind: Named, ids: Sequence[int]) -> dict[int, Amount]:
    """How many live contacts each of these has, as far as a request has time to count. One is missing if none
    of the contacts that were looked at is live, and there are more."""
    if not ids:
        return {}
    share = SCAN_LIMIT // len(ids)
    counted = count_members(session, kind, ids, most=share)
    large = [row_id for row_id, (_, exact) in counted.items() if not exact]
    # What the small ones have left over is for the large ones.
    left = SCAN_LIMIT - sum(number for number, exact in counted.values() if exact)
    if large and left // len(large) > share:
        counted |= count_members(session, kind, large, most=left // len(large))
    return {row_id: Amount(number, exact) for row_id, (number, exact) in counted.items() if number or exact}


@dataclass(frozen=True)
class Members:
    """The live contacts of a list, tag or account; of a list perhaps only those with one status."""

    kind: Named
    row_id: int
    workspace_id: int
    status: SubscriptionStatus | None = None

    def _ids(self) -> Select[int]:
        return live_members(self.kind, self.row_id, status=self.status)

    def read_page(
        self, session: Session, *, size: int, after: Place | None = None, before: Place | None = None
    ) -> Page:
        """One page of contacts, the one created last first, each with its subscription's status, or None."""
        ids = Keyset(contact_column(self.kind)).ids(self._ids())
        return LAST_CREATED_FIRST.read(session, self._rows(), ids, size=size, after=after, before=before)

    def _rows(self) -> Select[*tuple[Any, ...]]:
        lives = filter_only(live(self.workspace_id))
        if self.kind is not MailingList:
            return select(Contact, literal(None)).where(lives)
        on_it = (Subscription.contact_id == Contact.id) & (Subscription.list_id == self.row_id)
        return select(Contact, Subscription.status).join(Subscription, on_it).where(lives)

    def find(self, session: Session, contact_id: int) -> Row[*tuple[Any, ...]] | None:
        """One contact of a list with its status; None if it is not on it, or deleted."""
        return session.execute(self._rows().where(Contact.id == contact_id)).one_or_none()

    def count_quickly(self, session: Session, page: Page, size: int) -> Amount:
        """How many there are, as far as a request has time to count."""
        if self.status or page.total is not None:
            return Amount.on(page, size)
        found = amounts(session, self.kind, [self.row_id])
        return found.get(self.row_id, Amount(size, exact=False))

    def count(self, session: Session) -> int:
        """How many there are; it can take seconds."""
        return session.scalar(select(func.count()).select_from(self._ids().subquery())) or 0
