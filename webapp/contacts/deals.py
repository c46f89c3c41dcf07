"""Deals as pages show them: all that match, the columns of the board, and one with its contacts. Of their
contacts only the live ones are shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
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
from webapp.numbers import LARGEST_ID

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

    @property
    def order(self) -> Keyset:
        """The newest first."""
        return NEWEST_FIRST if self.stage is None else NEWEST_OF_STAGE_FIRST

    def condition(self) -> ColumnElement[bool]:
        """The condition on a live deal, for a statement that goes by this order."""
        has_text = lower_text(Deal.title).contains(self.q.lower(), autoescape=True) if self.q else true()
        within = [self.workspace_id] if self.stage is None else [self.workspace_id, self.stage]
        return and_(
            _within(self.order, within),
            Deal.deleted_at.is_(None),
            Deal.status == self.status if self.status else true(),
            has_text,
        )


# The first columns are the same in all rows of a statement; they are in the order because its index has them.
NEWEST_FIRST = Keyset(Deal.workspace_id, Deal.id)
NEWEST_OF_STAGE_FIRST = Keyset(Deal.workspace_id, Deal.stage, Deal.id)


def _within(order: Keyset, values: list[Any]) -> ColumnElement[bool]:
    """The rows with these values in the first columns of `order`.

    As a range of the whole order: by an equation the planner would see that the ids alone are in order, too,
    and could walk the deals of all workspaces.
    """
    columns = tuple_(*order.columns)
    first, last = (tuple_(*map(_literal, order.columns, [*values, end])) for end in (0, LARGEST_ID))
    return and_(columns > first, columns <= last)


def _literal(column: Any, value: Any) -> ColumnElement[Any]:
    return literal(value, column.type)


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
    order = filters.order
    ids = order.ids(select(Deal.id).where(filters.condition()))
    rows = select(Deal).where(filter_only(_live(filters.workspace_id)))
    return order.read(session, rows, ids, size=size, after=after, before=before)


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
    primary = func.max(case((DealContact.is_primary, DealContact.contact_id)))
    rows = session.execute(
        _on_deals(deal_ids)
        .with_only_columns(DealContact.deal_id, func.count(), primary)
        .group_by(DealContact.deal_id)
    ).all()
    people = _contacts(session, [contact_id for _, _, contact_id in rows if contact_id])
    found = {
        deal_id: OnDeal(people.get(contact_id), number - (contact_id in people))
        for deal_id, number, contact_id in rows
    }
    return {deal_id: found.get(deal_id, OnDeal(None, 0)) for deal_id in deal_ids}


def members(session: Session, deal_id: int) -> list[tuple[Contact, bool]]:
    """The live contacts of a deal in the order in which they came, each with whether it is primary."""
    rows = session.execute(
        _on_deals([deal_id])
        .with_only_columns(DealContact.contact_id, DealContact.is_primary)
        .order_by(DealContact.attached_at, DealContact.id)
        .limit(MOST_CONTACTS)
    ).all()
    people = _contacts(session, [contact_id for contact_id, _ in rows])
    return [(people[contact_id], is_primary) for contact_id, is_primary in rows if contact_id in people]


def _on_deals(deal_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """The places of live contacts on these deals. Each contact is looked up, so that no planner reads all
    live contacts instead."""
    lives = select(Contact.deleted_at.is_(None)).where(Contact.id == DealContact.contact_id)
    return select(DealContact).where(
        DealContact.deal_id.in_(deal_ids), DealContact.detached_at.is_(None), lives.scalar_subquery()
    )


def _contacts(session: Session, ids: Sequence[int]) -> dict[int, Contact]:
    if not ids:
        return {}
    return {contact.id: contact for contact in session.scalars(select(Contact).where(Contact.id.in_(ids)))}


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
            _newest(which, literal(name).label("part"), Deal.id).limit(CARDS) for name, which in parts.items()
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
    status = position.status if position.stage == CLOSED else None
    return DealFilters(workspace_id, stage=position.stage, status=status).condition()


def _newest(which: ColumnElement[bool], *columns: Any) -> Select[*tuple[Any, ...]]:
    """Deals of one column, the newest first. By the whole order: by the id alone the planner would sort all
    of them."""
    return select(*columns).where(which).order_by(*NEWEST_OF_STAGE_FIRST.order)


def _add_up(
    session: Session, parts: dict[str, ColumnElement[bool]]
) -> dict[str, tuple[Amount, list[tuple[Decimal, str]]]]:
    """The number of deals and their values by currency for each part, as far as a request has time."""
    sums = []
    for name, which in parts.items():
        some = _newest(which, Deal.currency, Deal.value).limit(MOST_COUNTED + 1).subquery()
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
