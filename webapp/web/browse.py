"""List pages: rows that can be searched, paged and selected, above a bar that acts on the selected rows.

A list page is a subclass of `Listing`, which says what its rows are. The functions below answer the requests
of every list page: the page (for htmx its results), the bar alone, the count alone. `templates/_list.html`
and `templates/_bar.html` draw them. docs/recipes.md shows how to add a list page.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from flask import Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from webapp.contacts.keyset import Page, Place
from webapp.contacts.search import Amount
from webapp.web.address import CURSORS, address
from webapp.web.counting import counted_alone
from webapp.web.htmx import is_htmx, page_or_part, retarget
from webapp.web.paging import place_asked_for, to_cursor
from webapp.web.selection import Selection, still_there, ticked_here

PAGE_SIZE = 50


class ListRow(Protocol):
    """What `_list.html` needs of a row; the page's own columns may need more."""

    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...


class Listing(ABC):
    """The rows that one request for a list page asks for. A subclass is made from the request's filters."""

    # The endpoints of the page, of its bar alone and of its count alone.
    endpoint: ClassVar[str]
    bar_endpoint: ClassVar[str]
    count_endpoint: ClassVar[str]
    # The templates: the whole page, which includes the results; the results, which include the bar.
    page_template: ClassVar[str]
    results_template: ClassVar[str]
    bar_template: ClassVar[str]
    count_template: ClassVar[str] = "_count.html"
    # What one row is called, in the singular; and in the total above the table, if that says more.
    noun: ClassVar[str]
    total_noun: ClassVar[str] = ""
    # The query fields that filter, in their order in the address.
    filters: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def errors(self) -> Mapping[str, str]:
        """What is wrong with the filters, a sentence for each field; then no rows are shown."""

    @abstractmethod
    def among(self, ids: list[int]) -> Mapping[int, bool]:
        """Those of `ids` that the page could show, each with whether the filters match it."""

    @abstractmethod
    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        """One page of matching rows, PAGE_SIZE long, and how many match in all, as far as that is known."""

    @abstractmethod
    def read_selected(self, ids: list[int]) -> tuple[Page, Amount]:
        """The rows `ids`, whatever the filters say, on one page, and the number to show with them."""

    @abstractmethod
    def count(self) -> int:
        """How many rows match, exactly; may take seconds."""

    @abstractmethod
    def row(self, record: Any) -> ListRow:
        """What the template draws for `record`, one element of a page's rows."""

    def bar_context(self, _selection: Selection, _total: Amount | None) -> dict[str, object]:
        """What the bar's template needs beside `listing` and `selection`.

        The total is None where only the bar is drawn: then no page was read.
        """
        return {}

    def page_context(self) -> dict[str, object]:
        """What the template of the whole page needs beside that of its results."""
        return {}

    @classmethod
    def address(cls, *, selected: Sequence[int] = (), first_page: bool = False) -> str:
        """The page's address with this request's filters and cursor; see `web.address.address`."""
        return address(cls.endpoint, cls.filters + CURSORS, selected=selected, first_page=first_page)


@dataclass(frozen=True)
class Table:
    """One page of rows, the cursors of its neighbours, and how many rows all pages have."""

    rows: list[ListRow]
    total: Amount
    older: str | None = None
    newer: str | None = None
    # Where the exact total comes from, if `total` is not exact.
    count_url: str | None = None

    @property
    def ids(self) -> set[int]:
        return {row.id for row in self.rows}


def show_page(listing: Listing, *, message: str | None = None, status: int = 200) -> Response:
    """The page, or for htmx its results; with `message` in the bar, because something was refused.

    Filters or a selection that cannot be used make the status 422.
    """
    results = _results(listing, message)
    if listing.errors or not results["selection"].ok:
        status = 422
    if not is_htmx():
        results |= listing.page_context()
    response = page_or_part(listing.page_template, listing.results_template, status=status, **results)
    return _with_address(response, listing, results["table"])


def show_results(listing: Listing) -> Response:
    """The results in place of the old ones, for a request that expected less."""
    results = _results(listing)
    response = retarget(make_response(render_template(listing.results_template, **results)), "#results")
    return _with_address(response, listing, results["table"])


def show_bar(listing: Listing, *, message: str | None = None, status: int = 200) -> Response:
    """The bar alone: what is selected now. A selection that cannot be used makes the status 422."""
    _places()
    selection = read_selection(listing, message)
    context = listing.bar_context(selection, None)
    bar = render_template(listing.bar_template, listing=listing, selection=selection, **context)
    return make_response(bar, status if selection.ok else 422)


def show_count(listing: Listing) -> ResponseReturnValue:
    """The exact number of rows: the page asks for it where counting takes too long for a page."""
    if listing.errors:
        abort(422, " ".join(listing.errors.values()))
    return counted_alone(
        lambda: render_template(listing.count_template, listing=listing, total=Amount(listing.count()))
    )


def refuse(listing: Listing, message: str, status: int = 422) -> Response:
    """Say in the bar why an action on the selection was refused; filters and selection stay as they are."""
    if not is_htmx():
        return show_page(listing, message=message, status=status)
    return retarget(show_bar(listing, message=message, status=status), "#selection-bar")


def read_selection(listing: Listing, message: str | None = None) -> Selection:
    """The selection that this request carries, without the rows that are gone."""
    ids, complaint = ticked_here(listing.noun)
    matches = listing.among(ids)
    ids, gone = still_there(ids, matches, listing.noun)
    return Selection(
        ids=ids,
        hidden_by_filter=sum(not matches[row_id] for row_id in ids),
        is_shown=request.args.get("show") == "selected" and bool(ids),
        message=message or complaint or gone,
        ok=complaint is None,
    )


def read_table(
    listing: Listing, selection: Selection, *, after: Place | None = None, before: Place | None = None
) -> Table:
    """The rows that a request asks for: the selected ones, or the page at this place of those that match."""
    if listing.errors:
        return Table([], Amount(0))
    if selection.is_shown:
        page, total = listing.read_selected(selection.ids)
    else:
        page, total = listing.read_page(after=after, before=before)
    return Table(
        rows=[listing.row(record) for record in page.rows],
        total=total,
        older=to_cursor(page.older),
        newer=to_cursor(page.newer),
        count_url=None if total.exact else address(listing.count_endpoint, listing.filters),
    )


def _results(listing: Listing, message: str | None = None) -> dict[str, Any]:
    after, before = _places()
    selection = read_selection(listing, message)
    table = read_table(listing, selection, after=after, before=before)
    context = listing.bar_context(selection, table.total)
    return {"listing": listing, "selection": selection, "table": table, **context}


def _places() -> tuple[Place | None, Place | None]:
    """The cursors of this request; answers 400 to a forged one, also where none is needed."""
    return place_asked_for("after"), place_asked_for("before")


def _with_address(response: Response, listing: Listing, table: Table) -> Response:
    """Put the filters into the address bar.

    The address is replaced and not pushed: Back should not undo a filter letter by letter. Where the page
    asked for has become empty, the first one is shown, and its address has no cursor.
    """
    response.headers["HX-Replace-Url"] = listing.address(first_page=table.newer is None)
    return response
