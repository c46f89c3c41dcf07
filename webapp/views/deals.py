"""Deals: the page of all of them, and the board of stages."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.deal_edits import DealChanged, NoDeal, move_deal
from webapp.catalogue.stages import CLOSED, STAGES, Position, other_stages, positions
from webapp.clock import read_clock
from webapp.contacts import deals
from webapp.contacts.deals import Column, DealFilters, OnDeal
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.models import Contact, Deal
from webapp.models.deal import DealStatus
from webapp.numbers import whole_number
from webapp.restoring.filters import why_unsearchable
from webapp.web import browse
from webapp.web.browse import PAGE_SIZE, Listing
from webapp.web.dialogs import leave_for
from webapp.web.errors import error
from webapp.web.htmx import is_htmx, page_or_part
from webapp.words.contacts import name_of
from webapp.words.deals import NO_STAGE, STATUS_WORDS, code_of, position_words, read_code
from webapp.words.isolation import isolated

# Stands for deals without a stage, among the texts of stages.
NONE = "(none)"
STATUSES = [(str(status), words) for status, words in STATUS_WORDS.items()]


@dataclass(frozen=True)
class DealRow:
    """A deal in the table, or on a card of the board. `name` is its title."""

    id: int
    name: str
    position: Position
    value: Decimal
    currency: str
    version: int
    primary: Contact | None
    # How many other contacts it has.
    others: int

    @classmethod
    def of(cls, deal: Deal, on_it: OnDeal) -> "DealRow":
        where = Position(deal.stage, deal.status)
        return cls(
            deal.id, deal.title, where, deal.value, deal.currency, deal.version, on_it.primary, on_it.others
        )

    @property
    def href(self) -> str:
        return url_for("deal", deal_id=self.id)

    @property
    def stage(self) -> str:
        return position_words(self.position)

    @property
    def code(self) -> str:
        return code_of(self.position)

    @property
    def primary_name(self) -> str:
        return name_of(self.primary) if self.primary else ""


@dataclass(frozen=True)
class Deals(Listing):
    """The deals that this request selects: by a text in their title, their stage and their status."""

    endpoint = "deals"
    count_endpoint = "deals_count"
    page_template = "deals/index.html"
    results_template = "deals/_results.html"
    noun = "deal"
    filters = ("q", "stage", "status")

    wanted: DealFilters
    q: str
    # The choice of the filter.
    stage: str
    others: list[str]
    errors_found: dict[str, str]

    @classmethod
    def from_request(cls) -> "Deals":
        """Read the filters of this request."""
        workspace_id = current_user.workspace_id
        q, stage, status = (request.args.get(name, "").strip() for name in cls.filters)
        others = other_stages(db.session(), workspace_id)
        errors = {}
        if problem := why_unsearchable(q):
            errors["q"] = problem
        if stage and stage not in (*STAGES, *others, CLOSED, NONE):
            errors["stage"] = "Choose a stage from the list."
        if status and status not in set(DealStatus):
            errors["status"] = "Choose a status from the list."
        if errors:
            return cls(DealFilters(workspace_id), q[:1000], "", others, errors)
        wanted = DealFilters(
            workspace_id,
            " ".join(q.split()),
            ("" if stage == NONE else stage) if stage else None,
            DealStatus(status) if status else None,
        )
        return cls(wanted, q, stage, others, {})

    @property
    def order(self) -> Keyset:
        return self.wanted.order

    @property
    def errors(self) -> dict[str, str]:
        return self.errors_found

    @property
    def is_filtered(self) -> bool:
        return self.wanted != DealFilters(self.wanted.workspace_id)

    @property
    def stages(self) -> list[tuple[str, str]]:
        """The choices of the filter."""
        known = [stage for stage in (*STAGES, *self.others, CLOSED) if stage]
        without = [(NONE, NO_STAGE)] if "" in self.others or self.stage == NONE else []
        return [*((stage, stage) for stage in known), *without]

    @property
    def statuses(self) -> list[tuple[str, str]]:
        """The choices of the filter."""
        return STATUSES

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        session = db.session()
        page = deals.read_deals(session, self.wanted, size=PAGE_SIZE, after=after, before=before)
        on_them = deals.contacts_on(session, [row[0].id for row in page.rows])
        rows: list[Any] = [(row[0], on_them[row[0].id]) for row in page.rows]
        return replace(page, rows=rows), Amount.on(page, PAGE_SIZE)

    def count(self) -> int:
        return deals.count_deals(db.session(), self.wanted)

    def row(self, record: Any) -> DealRow:
        return DealRow.of(*record)


def index() -> ResponseReturnValue:
    """The page of all deals, or for htmx its results."""
    return browse.show_page(Deals.from_request())


def count() -> ResponseReturnValue:
    """The exact number of deals."""
    return browse.show_count(Deals.from_request())


@dataclass(frozen=True)
class BoardColumn:
    """A column of the board, with a link to all of its deals."""

    number: int
    column: Column
    cards: list[DealRow]

    @property
    def title(self) -> str:
        return position_words(self.column.position)

    @property
    def href(self) -> str:
        position = self.column.position
        status = str(position.status) if position.stage == CLOSED else None
        return url_for("deals", stage=position.stage or NONE, status=status)

    @property
    def is_cut(self) -> bool:
        """Whether the column has more deals than it shows."""
        amount = self.column.amount
        return amount.number > len(self.cards) or not amount.exact


@dataclass(frozen=True)
class Board:
    columns: list[BoardColumn]
    # The stages beside the offered ones.
    others: list[str]
    # What has just happened to a card, or why nothing has.
    said: str = ""
    refused: bool = False

    @classmethod
    def read(cls, said: str = "", *, refused: bool = False) -> "Board":
        """The board of the user's account as it is now."""
        session, workspace_id = db.session(), current_user.workspace_id
        others = other_stages(session, workspace_id)
        columns = deals.board(session, workspace_id, others)
        on_them = deals.contacts_on(session, [deal.id for column in columns for deal in column.deals])
        shown = [
            BoardColumn(number, column, [DealRow.of(deal, on_them[deal.id]) for deal in column.deals])
            for number, column in enumerate(columns, 1)
        ]
        return cls(shown, others, said, refused)

    @property
    def is_empty(self) -> bool:
        return not any(column.cards for column in self.columns)

    def choices(self, card: DealRow) -> list[tuple[str, str]]:
        """The positions that a card can be moved to."""
        offered = positions(self.others)
        if card.position not in offered:
            offered.insert(0, card.position)
        return [(code_of(position), position_words(position)) for position in offered]


def board() -> ResponseReturnValue:
    """The board of stages."""
    return _show(Board.read())


def move(deal_id: int) -> ResponseReturnValue:
    """Move a deal to another column; for htmx the board as it is now."""
    session, workspace_id, by = db.session(), current_user.workspace_id, current_user.id
    position, version = read_code(request.form.get("position", "")), request.form.get("version", "")
    back = url_for("board"), "Back to the board"
    if position is None or position not in _offered(workspace_id):
        return error(422, "Choose a stage from the list. Nothing was changed.", back=back)
    try:
        with write_transaction(session):
            move_deal(
                session,
                deal_id,
                position,
                version=whole_number(version) or 0,
                workspace_id=workspace_id,
                by=by,
                now=read_clock(session),
            )
    except NoDeal:
        return error(404, "This deal is not here any more. Nothing was changed.", back=back)
    except DealChanged as changed:
        words = (
            f"“{isolated(changed.stored.title)}” has been changed by someone else: it is now in "
            f"{isolated(position_words(changed.stored.position))}. It was not moved."
        )
        return _show(Board.read(words, refused=True), status=409)
    if not is_htmx():
        return leave_for(url_for("board"))
    deal = deals.find_deal(session, workspace_id, deal_id)
    title = isolated(deal.title) if deal else ""
    return _show(Board.read(f"“{title}” moved to {isolated(position_words(position))}."))


def _offered(workspace_id: int) -> list[Position]:
    return positions(other_stages(db.session(), workspace_id))


def _show(shown: Board, *, status: int = 200) -> ResponseReturnValue:
    return page_or_part("deals/board.html", "deals/_board.html", status=status, board=shown)
