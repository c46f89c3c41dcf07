"""All live contacts by the names of their accounts, by walking indexes: the accounts by name, the contacts of
each by their Created Dates; then the contacts without an account, which come last in both directions.

A place is a text, a moment and an id: the letter of the part and the account's key, and the contact's Created
Date and id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, union_all
from sqlalchemy.orm import Session

from webapp.contacts.found import Found
from webapp.contacts.keyset import Keyset, Place
from webapp.contacts.search import SCAN_LIMIT
from webapp.models import Account, Contact, live
from webapp.models.base import EPOCH
from webapp.numbers import LARGEST_ID

# The first and the last place that a contact of an account can have.
FIRST, LAST = (EPOCH, 1), (datetime(9999, 1, 1, tzinfo=UTC), LARGEST_ID)


@dataclass(frozen=True)
class Letters:
    """The first letters of the texts of places, so that those without an account come last."""

    with_account: str
    without: str

    @classmethod
    def of(cls, *, descending: bool) -> "Letters":
        return cls("b", "a") if descending else cls("a", "b")


def order_by_account(*, descending: bool = False) -> Keyset:
    """The order by account, as columns of a contact."""
    letters = Letters.of(descending=descending)
    key = (
        select(letters.with_account + func.coalesce(Account.name_key, Account.name))
        .where(Account.id == Contact.account_id, Account.deleted_at.is_(None))
        .correlate(Contact)
        .scalar_subquery()
    )
    text = func.coalesce(key, letters.without).label("account_key")
    return Keyset(text, Contact.created_at, Contact.id, descending=descending)


def find_by_account(
    session: Session,
    workspace_id: int,
    *,
    descending: bool,
    limit: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Found:
    """The first `limit` places of live contacts beyond a place, nearest first."""
    letters = Letters.of(descending=descending)
    walk = _Walk(session, workspace_id, letters, up=(before is None) is not descending)
    parts = [(letters.with_account, walk.with_account), (letters.without, walk.without)]
    if before is not None:
        parts.reverse()
    place = before or after
    if place is not None and str(place[0]).startswith(parts[1][0]):
        # The other part lies behind.
        parts = parts[1:]
    places: list[Place] = []
    for number, (_, find) in enumerate(parts):
        found = find(limit - len(places), place if number == 0 else None)
        places += found.places
        if len(places) == limit or found.end:
            return Found(places, end=found.end, is_walk=True)
    return Found(places, is_walk=True)


@dataclass(frozen=True)
class _Walk:
    """A walk in one direction: `up` by growing keys, or down."""

    session: Session
    workspace_id: int
    letters: Letters
    up: bool

    def _order(self, *columns: Any) -> Keyset:
        return Keyset(*columns, descending=not self.up)

    def with_account(self, limit: int, place: Place | None) -> Found:
        """Contacts of accounts, from a place on."""
        key = None if place is None else str(place[0])[1:]
        near = select(Account.id, Account.name_key).where(
            Account.workspace_id == self.workspace_id,
            Account.deleted_at.is_(None),
            Account.name_key.is_not(None),
        )
        if key is not None:
            near = near.where(Account.name_key >= key if self.up else Account.name_key <= key)
        near = near.order_by(*self._order(Account.name_key, Account.id).order)
        some = near.limit(SCAN_LIMIT).subquery()
        few = self._contacts(some.c.id, some.c.name_key, place).limit(limit).correlate(some).subquery()
        number = select(func.count()).select_from(few).scalar_subquery()
        counted = select(some, number.label("number")).subquery()
        by_key = self._order(counted.c.name_key, counted.c.id)
        accounts = self.session.execute(
            select(counted).where(counted.c.number > 0).order_by(*by_key.order).limit(limit)
        ).all()
        places = self._of_accounts(accounts, limit, place)
        if len(places) == limit:
            return Found(places)
        last = self.session.execute(near.offset(SCAN_LIMIT - 1).limit(1)).one_or_none()
        if last is None:
            return Found(places)
        return Found(places, end=(self.letters.with_account + last.name_key, *(LAST if self.up else FIRST)))

    def _contacts(self, account_id: Any, account_key: Any, place: Place | None) -> Select[int]:
        """The ids of an account's live contacts; in the account of the place only those beyond it."""
        query = select(Contact.id).where(Contact.account_id == account_id, Contact.deleted_at.is_(None))
        if place is None:
            return query
        beyond = self._order(Contact.created_at, Contact.id).after(place[1:])
        return query.where(or_(account_key != str(place[0])[1:], beyond))

    def _of_accounts(self, accounts: Sequence[Any], limit: int, place: Place | None) -> list[Place]:
        """The first contacts of these accounts, of which all but the last are read whole."""
        chosen, total = [], 0
        for account in accounts:
            if total < limit:
                chosen.append(account)
                total += account.number
        if not chosen:
            return []
        order = self._order(Contact.created_at, Contact.id)
        here = None if place is None else str(place[0])[1:]
        parts = []
        for account in chosen:
            its = select(Contact.account_id, Contact.created_at, Contact.id).where(
                Contact.account_id == account.id, Contact.deleted_at.is_(None)
            )
            if place is not None and account.name_key == here:
                its = its.where(order.after(place[1:]))
            parts.append(select(its.order_by(*order.order).limit(account.number).subquery()))
        found: dict[int, list[Place]] = {account.id: [] for account in chosen}
        for account_id, *seat in self.session.execute(union_all(*parts)):
            found[account_id].append(tuple(seat))
        places: list[Place] = [
            (self.letters.with_account + account.name_key, *seat)
            for account in chosen
            for seat in sorted(found[account.id], reverse=not self.up)
        ]
        return places[:limit]

    def without(self, limit: int, place: Place | None) -> Found:
        """Contacts without an account, from a place on."""
        walk = select(Contact.created_at, Contact.id, Contact.account_id).where(live(self.workspace_id))
        order = self._order(Contact.created_at, Contact.id)
        if place is not None:
            walk = walk.where(order.after(place[1:]))
        walk = walk.order_by(*order.order)
        near = walk.limit(SCAN_LIMIT).subquery()
        is_there = select(Account.deleted_at.is_(None)).where(Account.id == near.c.account_id)
        rows = self.session.execute(
            select(near.c.created_at, near.c.id)
            .where(func.coalesce(is_there.scalar_subquery(), False).is_(False))
            .order_by(*self._order(near.c.created_at, near.c.id).order)
            .limit(limit)
        ).all()
        places: list[Place] = [(self.letters.without, *row) for row in rows]
        if len(places) == limit:
            return Found(places)
        ends = self.session.execute(walk.offset(SCAN_LIMIT - 1).limit(2)).all()
        return Found(places, end=(self.letters.without, *ends[0][:2]) if len(ends) == 2 else None)
