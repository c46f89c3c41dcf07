"""How many live contacts a list, tag or account has. `webapp.contacts.find` finds which they are.

A deleted contact keeps its place on a list and its tags, so each of them has to be looked up. What a request
counts is therefore limited by how many it looks at.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.catalogue.names import Named
from webapp.models import Account, Contact, ContactTag, MailingList, Subscription, Tag

Id = ColumnElement[int] | InstrumentedAttribute[int]
# For each kind: the column with the contact, and the one with the list, tag or account.
PLACES: dict[Named, tuple[InstrumentedAttribute[int], InstrumentedAttribute[Any]]] = {
    MailingList: (Subscription.contact_id, Subscription.list_id),
    Tag: (ContactTag.contact_id, ContactTag.tag_id),
    Account: (Contact.id, Contact.account_id),
}


def _is_live(kind: Named, contact: Id) -> ColumnElement[bool]:
    if kind is Account:
        return Contact.deleted_at.is_(None)
    # Looked up one by one, so that no planner reads all live contacts instead.
    lives = select(Contact.deleted_at.is_(None)).where(Contact.id == contact)
    return lives.scalar_subquery()


def count_members(
    session: Session, kind: Named, ids: Sequence[int], *, most: int
) -> dict[int, tuple[int, bool]]:
    """How many live contacts each of these has, and whether there are no more.

    Looks at the `most` contacts that were created last, of each one. A number that is not exact is how many
    of these are live, less one: there are more than that.
    """
    counts = select(kind.id, *_looked_at(kind, kind.id, most)).where(kind.id.in_(ids))
    return {
        row_id: (live, True) if seen <= most else (max(0, live - 1), False)
        for row_id, seen, live in session.execute(counts)
    }


def _looked_at(kind: Named, of: Id, most: int) -> tuple[ScalarSelect[int], ScalarSelect[int]]:
    """How many contacts of `of` are looked at, one more than `most` if there are more; and how many of them
    are live."""
    contact, place = PLACES[kind]
    looked_at = select(contact.label("id")).where(place == of).order_by(contact.desc())
    if kind is Account:
        # As the index of its live contacts has them.
        newest = Contact.created_at.desc(), Contact.id.desc()
        looked_at = looked_at.where(Contact.deleted_at.is_(None)).order_by(None).order_by(*newest)
    some = looked_at.limit(most + 1).correlate(kind).subquery()
    seen = select(func.count()).select_from(some)
    live = seen if kind is Account else seen.where(_is_live(kind, some.c.id))
    return seen.scalar_subquery(), live.scalar_subquery()
