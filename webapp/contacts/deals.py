"""Deals as pages show them: all that match, the columns of the board, and one with its contacts. Of their
contacts only the live ones are shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from webapp.catalogue.deal_titles import STALE_COLUMN, deals_with_title, title_matches
from webapp.catalogue.stages import CLOSED, Position, positions
from webapp.contacts.found import Finder, read_found
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount, Search
from webapp.contacts.walk import FIRST_LOOK, Walk
from webapp.database import id_table
from webapp.models import Contact, Deal, DealContact
from webapp.models.base import begins_with, filter_only, is_one_of
from webapp.models.deal import DealStatus

# A walk passes over so many deals that are deleted, or have another status: about 15 ms.
MOST_PASSED = 20_000
# Cards that a column of the board shows, and deals that it counts and adds up at most.
CARDS = 25
MOST_COUNTED = 1000
# A deal shows so many contacts. More are shown by none of our pages, and an import makes none.
MOST_CONTACTS = 500


@dataclass(frozen=True)
class DealFilters:
    """Which deals are meant: `q` is empty, or words of the title with one to search for."""

    workspace_id: int
    q: str = ""
    stage: str | None = None
    status: DealStatus | None = None

    @property
    def order(self) -> Keyset:
        """The newest first."""
        return NEWEST_FIRST if self.stage is None else NEWEST_OF_STAGE_FIRST

    def in_order(self) -> ColumnElement[bool]:
        """The condition on a deal, deleted ones as well, for a statement that goes by this order."""
        within = [self.workspace_id] if self.stage is None else [self.workspace_id, self.stage]
        return begins_with(self.order.columns, within)

    def checks(self, deleted_at: Any, status: Any) -> ColumnElement[bool]:
        """The conditions on these columns of a deal."""
        return and_(deleted_at.is_(None), status == self.status if self.status else true())

    def condition(self) -> ColumnElement[bool]:
        """The condition on a live deal, but for the text, for a statement that goes by this order."""
        return and_(self.in_order(), self.checks(Deal.deleted_at, Deal.status))


# The first columns are the same in all rows of a statement; they are in the order because its index has them.
NEWEST_FIRST = Keyset(Deal.workspace_id, Deal.id)
NEWEST_OF_STAGE_FIRST = Keyset(Deal.workspace_id, Deal.stage, Deal.id)


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

    def read(ids: list[int]) -> Sequence[Row[*tuple[Any, ...]]]:
        these = Deal.id.in_(ids), filter_only(_live(filters.workspace_id))
        return session.execute(select(Deal).where(*these)).all()

    return read_found(_finder(session, filters), read, size=size, after=after, before=before)


def _finder(session: Session, filters: DealFilters) -> Finder:
    """A walk of the deals in their order; a text is searched for (`Search`)."""
    order = filters.order

    def rows(limit: int, **place: Place) -> Select[*tuple[Any, ...]]:
        shown = Deal.deleted_at, Deal.status, Deal.title, STALE_COLUMN
        every = select(*order.columns, *shown).where(filters.in_order())
        return order.seek(every, limit=limit, **place)

    def checks(near: FromClause) -> list[ColumnElement[bool]]:
        found = [filters.checks(near.c.deleted_at, near.c.status)]
        if filters.q:
            found.append(title_matches(filters.q, near.c.id, near.c.title, near.c.is_stale))
        return found

    walk = Walk(session, order, rows, checks)
    if not filters.q:
        return partial(walk.find, looks=(FIRST_LOOK, MOST_PASSED))

    def matches(limit: int) -> Sequence[int]:
        return session.scalars(deals_with_title(filters.workspace_id, filters.q).limit(limit)).all()

    def among(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
        these = is_one_of(Deal.id, select(id_table(session, ids).c.value))
        in_stage = Deal.stage == filters.stage if filters.stage is not None else true()
        fits = and_(_live(filters.workspace_id), in_stage, filters.checks(Deal.deleted_at, Deal.status))
        return select(*order.columns).where(these, filter_only(fits))

    return Search(walk, matches, among).find


def count_deals(session: Session, filters: DealFilters) -> int:
    """How many deals match; it can take a second."""
    query = select(func.count()).select_from(Deal).where(filters.condition())
    if filters.q:
        query = query.where(Deal.id.in_(deals_with_title(filters.workspace_id, filters.q)))
    return session.scalar(query) or 0


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
