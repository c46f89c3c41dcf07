"""Lists, tags and accounts as pages show them: by name, each with the number of its live contacts; and the
contacts of one of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from webapp.catalogue.members import count_members
from webapp.catalogue.names import Named
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.contacts.wanted import Wanted
from webapp.models import Account, Contact, MailingList, Subscription, Tag, live
from webapp.models.base import filter_only
from webapp.models.mailing_list import SubscriptionStatus

Thing = Account | MailingList | Tag

# So many contacts are looked up to count those of a page's lists, tags or accounts: about 10 ms.
MOST_COUNTED = 5_000


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
    share = MOST_COUNTED // len(ids)
    counted = count_members(session, kind, ids, most=share)
    large = [row_id for row_id, (_, exact) in counted.items() if not exact]
    # What the small ones have left over is for the large ones.
    left = MOST_COUNTED - sum(number for number, exact in counted.values() if exact)
    if large and left // len(large) > share:
        counted |= count_members(session, kind, large, most=left // len(large))
    return {row_id: Amount(number, exact) for row_id, (number, exact) in counted.items() if number or exact}


def wanted_of(
    kind: Named, row_id: int, workspace_id: int, status: SubscriptionStatus | None = None
) -> Wanted:
    """The live contacts of a list, tag or account; of a list perhaps only those with one status."""
    wanted = Wanted(workspace_id, status=status)
    if kind is MailingList:
        return replace(wanted, list_id=row_id)
    return replace(wanted, tag_id=row_id) if kind is Tag else replace(wanted, account_id=row_id)


def statuses_on(session: Session, list_id: int, contact_ids: Sequence[int]) -> dict[int, SubscriptionStatus]:
    """The statuses of these contacts on the list; of those that are on it."""
    on_it = Subscription.list_id == list_id, Subscription.contact_id.in_(contact_ids)
    places = session.scalars(select(Subscription).where(*on_it)) if contact_ids else ()
    return {place.contact_id: place.status for place in places}


def find_member(
    session: Session, list_id: int, workspace_id: int, contact_id: int
) -> tuple[Contact, SubscriptionStatus] | None:
    """A live contact of a list, with its status; None if it is not on it."""
    contact = session.scalar(select(Contact).where(Contact.id == contact_id, filter_only(live(workspace_id))))
    status = statuses_on(session, list_id, [contact_id]).get(contact_id)
    return (contact, status) if contact and status else None
