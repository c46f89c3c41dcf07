"""List pages: rows that can be searched and paged, and on some pages selected, above a bar that acts on the
selected rows.

A list page is a subclass of `Listing`, or of `SelectableListing`, which describes its rows. The functions
below answer the requests of every list page: the page (for htmx its results), the bar alone, the count
alone. `templates/_list.html` and `templates/_bar.html` draw them. docs/recipes.md shows how to add one.
"""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from flask import Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.web.address import CURSORS, address, with_field
from webapp.web.counted import kept_numbers, key_of
from webapp.web.htmx import is_htmx, page_or_part, retarget
from webapp.web.late import late_number
from webapp.web.paging import requested_place, to_cursor
from webapp.web.selection import Selection, read_selected_ids, removed

PAGE_SIZE = 50


class ListRow(Protocol):
    """What `_list.html` needs of a row; the page's own columns may need more."""

    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...


class Listing(ABC):
    """The rows that one request for a list page shows. An instance holds the filters of that request."""

    # The templates: the whole page, which includes the results; the results.
    page_template: ClassVar[str]
    results_template: ClassVar[str]
    count_template: ClassVar[str] = "_count.html"
    # A more exact noun for the total above the table, if any.
    total_noun: ClassVar[str] = ""

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """The endpoint of the page."""

    @property
    def count_endpoint(self) -> str:
        """The endpoint of the count, on a page whose total can be one that a request does not count."""
        return ""

    @property
    @abstractmethod
    def noun(self) -> str:
        """The noun for one row, in the singular."""

    @property
    @abstractmethod
    def filters(self) -> tuple[str, ...]:
        """The query fields that filter, in their order in the address."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The ids in the paths of the endpoints."""
        return {}

    @property
    @abstractmethod
    def order(self) -> Keyset:
        """The order of the rows, which the cursors are places in."""

    @property
    @abstractmethod
    def errors(self) -> Mapping[str, str]:
        """A sentence for each filter field that is not valid. While there are errors no rows are shown."""

    @abstractmethod
    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        """One page of PAGE_SIZE matching rows, and the total, as far as it is known."""

    @abstractmethod
    def row(self, record: Any) -> ListRow:
        """The values that the template shows for `record`, one element of a page's rows."""

    def count(self) -> int:
        """The exact number of matching rows; may take seconds. For pages with a `count_endpoint`."""
        raise NotImplementedError

    def count_address(self) -> str:
        """The address of the exact number, on a page with a `count_endpoint`."""
        return address(self.count_endpoint, self.filters, **self.arguments)

    def page_context(self) -> dict[str, object]:
        """What the template of the whole page needs besides the context of its results."""
        return {}

    def address(self, *, selected: Sequence[int] = (), first_page: bool = False) -> str:
        """The page's address with this request's filters and cursor; see `web.address.address`."""
        return address(
            self.endpoint,
            self.filters + CURSORS,
            selected=selected,
            first_page=first_page,
            **self.arguments,
        )


class SelectableListing(Listing):
    """A `Listing` whose rows can be selected, above a bar that acts on the selected ones."""

    # The endpoint of the bar, and its template, which the results include.
    bar_endpoint: ClassVar[str]
    bar_template: ClassVar[str]

    @abstractmethod
    def match_selection(self, ids: list[int]) -> Mapping[int, bool]:
        """Those of `ids` that the page can show, each with whether it matches the filters."""

    @abstractmethod
    def read_selected(self, ids: list[int]) -> tuple[Page, Amount]:
        """The rows `ids` on one page, without the filters, and the total to show with them."""

    def bar_context(self, _selection: Selection, _total: Amount | None) -> dict[str, object]:
        """What the bar's template needs besides `listing` and `selection`.

        The total is None if only the bar is rendered, because no page was read then.
        """
        return {}


@dataclass(frozen=True)
class Table:
    """One page of rows, the cursors of the pages next to it, and the number of rows on all pages."""

    rows: list[ListRow]
    total: Amount
    older: str | None = None
    newer: str | None = None
    # The address of the exact total, if `total` is not exact and the page has one.
    count_url: str | None = None

    @property
    def ids(self) -> set[int]:
        return {row.id for row in self.rows}


def show_page(listing: Listing, *, message: str | None = None, status: int = 200) -> Response:
    """The page, or for htmx its results. `message` appears in the bar and says why an action was refused.

    The status is 422 if the filters or the selection are not valid.
    """
    results = _results(listing, message)
    selection = results["selection"]
    if listing.errors or (selection and not selection.ok):
        status = 422
    if not is_htmx():
        results |= listing.page_context()
    response = page_or_part(listing.page_template, listing.results_template, status=status, **results)
    return _with_address(response, listing, results["table"])


def show_results(listing: Listing) -> Response:
    """The results, for a request that expected only the bar: they replace the old results."""
    results = _results(listing)
    response = retarget(make_response(render_template(listing.results_template, **results)), "#results")
    return _with_address(response, listing, results["table"])


def show_bar(listing: SelectableListing, *, message: str | None = None, status: int = 200) -> Response:
    """The bar alone, with the current selection. The status is 422 if the selection is not valid."""
    _places(listing)  # a forged cursor is refused here too
    selection = read_selection(listing, message)
    context = listing.bar_context(selection, None)
    bar = render_template(listing.bar_template, listing=listing, selection=selection, **context)
    return make_response(bar, status if selection.ok else 422)


def show_count(listing: Listing) -> ResponseReturnValue:
    """The exact number of rows, which the page requests later if counting takes too long for a page. One that
    was counted since then will do, if it is not less than what the page says that it shows."""
    if listing.errors:
        abort(422, " ".join(listing.errors.values()))

    def show(total: Amount) -> str:
        return render_template(listing.count_template, listing=listing, total=total)

    def count() -> str:
        began = time.monotonic()
        number = listing.count()
        kept_numbers().keep(key, number, at=began, took=time.monotonic() - began)
        return show(Amount(number))

    key, shown = key_of(listing.count_address()), matching_shown()
    if shown and (number := kept_numbers().recall(key, least=shown.number)) is not None:
        return make_response(show(Amount(number)))
    return late_number(count, lambda: show(shown or Amount(PAGE_SIZE, exact=False)))


def refuse(listing: SelectableListing, message: str, status: int = 422) -> Response:
    """Show in the bar why an action on the selection was refused; filters and selection are kept."""
    if not is_htmx():
        return show_page(listing, message=message, status=status)
    return retarget(show_bar(listing, message=message, status=status), "#selection-bar")


def matching_shown() -> Amount | None:
    """The number that the page shows, which it sends with each change of the selection; None without it."""
    shown = re.fullmatch("([0-9]{1,9})([+]?)", request.args.get("matching", ""), re.ASCII)
    return Amount(int(shown[1]), exact=not shown[2]) if shown else None


def read_selection(listing: SelectableListing, message: str | None = None) -> Selection:
    """The selection in this request, without the rows that no longer exist."""
    ids, complaint = read_selected_ids(listing.noun)
    matches = listing.match_selection(ids)
    gone = [row_id for row_id in ids if row_id not in matches]
    ids = [row_id for row_id in ids if row_id in matches]
    return Selection(
        ids=ids,
        gone=gone,
        hidden_by_filter=sum(not matches[row_id] for row_id in ids),
        is_shown=request.args.get("show") == "selected" and bool(ids),
        message=message or complaint or removed(len(gone), listing.noun),
        ok=complaint is None,
    )


def _results(listing: Listing, message: str | None = None) -> dict[str, Any]:
    """The context of the results. A page without a selection has None for it, and no bar."""
    after, before = _places(listing)
    if not isinstance(listing, SelectableListing):
        return {"listing": listing, "selection": None, "table": _read_table(listing, None, after, before)}
    selection = read_selection(listing, message)
    table = _read_table(listing, selection, after, before)
    context = listing.bar_context(selection, table.total)
    return {"listing": listing, "selection": selection, "table": table, **context}


def _read_table(
    listing: Listing, selection: Selection | None, after: Place | None, before: Place | None
) -> Table:
    """The requested rows: the selected ones, or the page of matching rows at this place."""
    if listing.errors:
        return Table([], Amount(0))
    if isinstance(listing, SelectableListing) and selection and selection.is_shown:
        # The selected ones need not match.
        page, total = listing.read_selected(selection.ids)
    else:
        page, total = listing.read_page(after=after, before=before)
    count_url = None
    if listing.count_endpoint and not total.exact:
        counted_at = listing.count_address()
        number = kept_numbers().recall(key_of(counted_at), least=total.number)
        if number is None:
            count_url = with_field(counted_at, "matching", total.code)
        else:
            total = Amount(number)
    return Table(
        rows=[listing.row(record) for record in page.rows],
        total=total,
        older=to_cursor(page.older),
        newer=to_cursor(page.newer),
        count_url=count_url,
    )


def _places(listing: Listing) -> tuple[Place | None, Place | None]:
    """The cursors of this request; answers 400 to a forged one."""
    return requested_place("after", listing.order), requested_place("before", listing.order)


def _with_address(response: Response, listing: Listing, table: Table) -> Response:
    """Put the filters into the address bar.

    The address is replaced and not pushed, so that Back does not undo a filter letter by letter. If the
    requested page has become empty, the first page is shown, and its address has no cursor.
    """
    response.headers["HX-Replace-Url"] = listing.address(first_page=table.newer is None)
    return response
