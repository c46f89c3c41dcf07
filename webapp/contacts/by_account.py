"""All live contacts by the names of their accounts, by walking indexes: the accounts by name, the contacts of
each by id; then the contacts without an account, the oldest first.

A place is a text and an id: "a" and the account's key, or "b" and the contact's moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from webapp.contacts.found import Found
from webapp.contacts.keyset import Keyset, Place
from webapp.contacts.search import SCAN_LIMIT
from webapp.models import Account, Contact, live
from webapp.models.base import EPOCH
from webapp.numbers import LARGEST_ID

OLDEST_FIRST = Keyset(Contact.created_at, Contact.id, descending=False)
BY_KEY = Keyset(Account.name_key, Account.id, descending=False)


@dataclass(frozen=True)
class ByAccount:
    """A walk in one direction."""

    session: Session
    workspace_id: int
    forwards: bool

    def find(self, limit: int, place: Place | None) -> Found:
        """The first `limit` places beyond `place`, nearest first."""
        text, row_id = _read(place)
        starts_behind = text.startswith("b")
        parts = [self._with_account, self._without] if self.forwards else [self._without, self._with_account]
        if place is not None and starts_behind is self.forwards:
            # The other part lies behind.
            parts = parts[1:]
        places: list[Place] = []
        for part in parts:
            is_first = place is not None and part == (self._without if starts_behind else self._with_account)
            found = part(limit - len(places), text[1:] if is_first else None, row_id)
            places += found.places
            if len(places) == limit or found.end:
                return Found(places, end=found.end, is_walk=True)
        return Found(places, is_walk=True)

    def _with_account(self, limit: int, key: str | None, row_id: int) -> Found:
        """Contacts of accounts, from the contact `row_id` of the account with this key on."""
        near = select(Account.id, Account.name_key).where(
            Account.workspace_id == self.workspace_id,
            Account.deleted_at.is_(None),
            Account.name_key.is_not(None),
        )
        if key is not None:
            near = near.where(Account.name_key >= key if self.forwards else Account.name_key <= key)
        order = BY_KEY.order if self.forwards else (Account.name_key.desc(), Account.id.desc())
        some = near.order_by(*order).limit(SCAN_LIMIT).subquery()
        few = self._contacts(some.c.id, some.c.name_key, key, row_id).limit(limit).correlate(some).subquery()
        number = select(func.count()).select_from(few).scalar_subquery()
        counted = select(some, number.label("number")).subquery()
        by_key = Keyset(counted.c.name_key, counted.c.id, descending=not self.forwards)
        accounts = self.session.execute(
            select(counted).where(counted.c.number > 0).order_by(*by_key.order).limit(limit)
        ).all()
        places = self._of_accounts(accounts, limit, key, row_id)
        if len(places) == limit:
            return Found(places)
        last = self.session.execute(near.order_by(*order).offset(SCAN_LIMIT - 1).limit(1)).one_or_none()
        end = ("a" + last.name_key, LARGEST_ID if self.forwards else 1) if last else None
        return Found(places, end=end)

    def _contacts(self, account_id: Any, account_key: Any, key: str | None, row_id: int) -> Any:
        """The ids of an account's live contacts, beyond `row_id` in the account with the key."""
        query = select(Contact.id).where(Contact.account_id == account_id, Contact.deleted_at.is_(None))
        if key is None:
            return query
        beyond = Contact.id > row_id if self.forwards else Contact.id < row_id
        return query.where(or_(account_key != key, beyond))

    def _of_accounts(self, accounts: Sequence[Any], limit: int, key: str | None, row_id: int) -> list[Place]:
        """The first contacts of these accounts, of which all but the last are read whole."""
        chosen, total = [], 0
        for account in accounts:
            if total < limit:
                chosen.append(account)
                total += account.number
        if not chosen:
            return []
        direction = Contact.id.asc() if self.forwards else Contact.id.desc()
        parts = [
            select(
                select(Contact.account_id, Contact.id)
                .where(
                    Contact.account_id == account.id,
                    Contact.deleted_at.is_(None),
                    *self._beyond(account.name_key == key, row_id),
                )
                .order_by(direction)
                .limit(account.number)
                .subquery()
            )
            for account in chosen
        ]
        found: dict[int, list[int]] = {account.id: [] for account in chosen}
        for account_id, contact_id in self.session.execute(union_all(*parts)):
            found[account_id].append(contact_id)
        places: list[Place] = [
            ("a" + account.name_key, contact_id)
            for account in chosen
            for contact_id in sorted(found[account.id], reverse=not self.forwards)
        ]
        return places[:limit]

    def _beyond(self, is_here: bool, row_id: int) -> list[ColumnElement[bool]]:
        if not is_here:
            return []
        return [Contact.id > row_id if self.forwards else Contact.id < row_id]

    def _without(self, limit: int, moment: str | None, row_id: int) -> Found:
        """Contacts without an account, beyond the contact of this moment."""
        walk = select(Contact.created_at, Contact.id, Contact.account_id).where(live(self.workspace_id))
        place = _seek_place(moment, row_id)
        order = OLDEST_FIRST if self.forwards else Keyset(Contact.created_at, Contact.id)
        if place is not None:
            pair = tuple_(Contact.created_at, Contact.id)
            walk = walk.where(pair > tuple_(*place) if self.forwards else pair < tuple_(*place))
        near = walk.order_by(*order.order).limit(SCAN_LIMIT).subquery()
        is_there = select(Account.deleted_at.is_(None)).where(Account.id == near.c.account_id)
        by_value = Keyset(near.c.created_at, near.c.id, descending=not self.forwards)
        rows = self.session.execute(
            select(near.c.created_at, near.c.id)
            .where(func.coalesce(is_there.scalar_subquery(), False).is_(False))
            .order_by(*by_value.order)
            .limit(limit)
        ).all()
        places: list[Place] = [_place(*row) for row in rows]
        if len(places) == limit:
            return Found(places)
        ends = self.session.execute(walk.order_by(*order.order).offset(SCAN_LIMIT - 1).limit(2)).all()
        return Found(places, end=_place(*ends[0][:2]) if len(ends) == 2 else None)


def _place(moment: datetime, row_id: int) -> Place:
    return f"b{(moment - EPOCH) // timedelta(microseconds=1):017}", row_id


def _read(place: Place | None) -> tuple[str, int]:
    if place is None:
        return "", 0
    text, row_id = place
    return str(text), int(row_id)  # type: ignore[arg-type]


def _seek_place(moment: str | None, row_id: int) -> tuple[datetime, int] | None:
    """A forged text is the beginning."""
    if not moment or not (moment.isascii() and moment.isdigit() and len(moment) == 17):
        return None
    return EPOCH + timedelta(microseconds=int(moment)), row_id
