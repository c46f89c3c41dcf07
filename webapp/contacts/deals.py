"""Deals as pages show them: all that match, the columns of the board, and one with its contacts. Of their
contacts only the live ones are shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from webapp.catalogue.stages import CLOSED, Position, positions
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.database import lower_text
from webapp.models import Contact, Deal, DealContact
from webapp.models.base import filter_only
from webapp.models.deal import DealStatus

NEWEST_FIRST = Keyset(Deal.id)
# Cards that a column of the board shows, and deals that it counts and adds up at most.
CARDS = 25
MOST_COUNTED = 1000
# A deal shows so many contacts. More are shown by none of our pages, and an import makes none.
MOST_CONTACTS = 500


@dataclass(frozen=True)
class DealFilters:
    """Which deals are meant: `q` is empty or a part of the title."""

    workspace_id: int
    q: str = ""
    stage: str | None = None
    status: DealStatus | None = None

    def condition(self) -> ColumnElement[bool]:
        """The condition on a live deal."""
        has_text = lower_text(Deal.title).contains(self.q.lower(), autoescape=True) if self.q else true()
        return and_(
            _live(self.workspace_id),
            Deal.stage == self.stage if self.stage is not None else true(),
            Deal.status == self.status if self.status else true(),
            has_text,
        )


def _live(workspace_id: int) -> ColumnElement[bool]:
    return and_(Deal.workspace_id == workspace_id, Deal.deleted_at.is_(None))


def find_deal(session: Session, workspace_id: int, deal_id: int) -> Deal | None:
    """The workspace's live deal with this id."""
    return session.scalar(select(Deal).where(Deal.id == deal_id, _live(workspace_id)))


def read_deals(
    session: Session,
    filters: DealFilters,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """One page of the deals that match, the newest first."""
    ids = NEWEST_FIRST.ids(select(Deal.id).where(filters.condition()))
    rows = select(Deal).where(filter_only(_live(filters.workspace_id)))
    return NEWEST_FIRST.read(session, rows, ids, size=size, after=after, before=before)


def count_deals(session: Session, filters: DealFilters) -> int:
    """How many deals match; it can take a second."""
    return session.scalar(select(func.count()).select_from(Deal).where(filters.condition())) or 0


@dataclass(frozen=True)
class OnDeal:
    """The live contacts of a deal: its Primary Contact, if it has one, and how many others."""

    primary: Contact | None
    others: int


def contacts_on(session: Session, deal_ids: Sequence[int]) -> dict[int, OnDeal]:
    """The contacts of each of these deals."""
    if not deal_ids:
        return {}
    on_deals = _on_deals(deal_ids)
    first = on_deals.with_only_columns(DealContact.deal_id, Contact).where(DealContact.is_primary)
    counts = on_deals.with_only_columns(DealContact.deal_id, func.count()).group_by(DealContact.deal_id)
    primaries = {row.deal_id: row.Contact for row in session.execute(first)}
    found = {row.deal_id: row[1] for row in session.execute(counts)}
    return {
        deal_id: OnDeal(primaries.get(deal_id), found.get(deal_id, 0) - (deal_id in primaries))
        for deal_id in deal_ids
    }


def _on_deals(deal_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(DealContact)
        .join(Contact, Contact.id == DealContact.contact_id)
        .where(
            DealContact.deal_id.in_(deal_ids),
            DealContact.detached_at.is_(None),
            Contact.deleted_at.is_(None),
        )
    )


def members(session: Session, deal_id: int) -> Sequence[Row[Contact, bool]]:
    """The live contacts of a deal in the order in which they came, each with whether it is primary."""
    rows = _on_deals([deal_id]).with_only_columns(Contact, DealContact.is_primary)
    return session.execute(rows.order_by(DealContact.attached_at, DealContact.id).limit(MOST_CONTACTS)).all()


@dataclass(frozen=True)
class Column:
    """A column of the board: its newest deals, how many it has, and their values by currency, unless that is
    too much to add up."""

    position: Position
    deals: list[Deal]
    amount: Amount
    sums: list[tuple[Decimal, str]] = field(default_factory=list)


def board(session: Session, workspace_id: int, others: Iterable[str]) -> list[Column]:
    """The columns of the board: the offered stages, those `others` that have a deal, won and lost."""
    shown = [*positions([*others]), Position(CLOSED)]
    parts = {str(number): _of(workspace_id, position) for number, position in enumerate(shown)}
    first = [
        select(part.subquery())
        for part in (
            select(literal(name).label("part"), Deal.id).where(which).order_by(Deal.id.desc()).limit(CARDS)
            for name, which in parts.items()
        )
    ]
    ids: dict[str, list[int]] = {name: [] for name in parts}
    for name, deal_id in session.execute(union_all(*first)):
        ids[name].append(deal_id)
    wanted = [deal_id for some in ids.values() for deal_id in some]
    deals = {deal.id: deal for deal in session.scalars(select(Deal).where(Deal.id.in_(wanted)))}
    sums = _add_up(session, parts)
    columns = [
        Column(position, [deals[deal_id] for deal_id in sorted(ids[name], reverse=True)], *sums[name])
        for name, position in zip(parts, shown, strict=True)
    ]
    always = {*positions()}
    return [column for column in columns if column.deals or column.position in always]


def _of(workspace_id: int, position: Position) -> ColumnElement[bool]:
    """The deals of one column. Each deal is in one: a closed one by its status, all others by their stage."""
    by_status = Deal.status == position.status if position.stage == CLOSED else true()
    return and_(_live(workspace_id), Deal.stage == position.stage, by_status)


def _add_up(
    session: Session, parts: dict[str, ColumnElement[bool]]
) -> dict[str, tuple[Amount, list[tuple[Decimal, str]]]]:
    """The number of deals and their values by currency for each part, as far as a request has time."""
    sums = []
    for name, which in parts.items():
        some = select(Deal.currency, Deal.value).where(which).limit(MOST_COUNTED + 1).subquery()
        by_currency = select(
            literal(name, String),
            some.c.currency,
            func.count(),
            cast(func.sum(some.c.value), Deal.value.type),
        )
        sums.append(by_currency.group_by(some.c.currency))
    found: dict[str, list[tuple[str, int, Decimal]]] = {name: [] for name in parts}
    for name, currency, number, value in session.execute(union_all(*sums)):
        found[name].append((currency, number, value))
    result = {}
    for name, rows in found.items():
        number = sum(amount for _, amount, _ in rows)
        exact = number <= MOST_COUNTED
        values = sorted((value, currency) for currency, _, value in rows) if exact else []
        result[name] = Amount(min(number, MOST_COUNTED), exact), values[::-1]
    return result
