"""The overview's pages: live contacts, filtered and in an order, at a cost that hardly depends on how many
there are (docs/adr/0011).

Where one of the filters has few contacts, these are read and sorted. Otherwise the contacts are walked in
the order of the page, each one checked; after SCAN_LIMIT of them a page ends, however few it has found, and
the next one begins there. So neither a rare filter nor one whose contacts are mostly deleted makes a request
long.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, func, select
from sqlalchemy.orm import Session

from webapp.contacts.by_account import find_by_account, order_by_account
from webapp.contacts.found import Finder, Found, read_found
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.profile import live_rows
from webapp.contacts.search import SCAN_LIMIT, Amount, Search, matching_contacts
from webapp.contacts.walk import FIRST_LOOK, Walk, read_places, sort
from webapp.contacts.wanted import Sizes, Wanted, measure
from webapp.database import id_table
from webapp.models import NAMED, Contact, live
from webapp.models.base import filter_only, is_one_of

# So many contacts of a filter are looked up and sorted: about 30 ms.
FEW = 5_000

NEWEST_FIRST = Keyset(Contact.created_at, Contact.id)
OLDEST_FIRST = Keyset(Contact.created_at, Contact.id, descending=False)
BY_NAME = Keyset(Contact.first_name, Contact.last_name, Contact.id, descending=False)
BY_NAME_BACKWARDS = Keyset(Contact.first_name, Contact.last_name, Contact.id)
BY_ACCOUNT = order_by_account()
BY_ACCOUNT_BACKWARDS = order_by_account(descending=True)
# The orders within one account; the other order of each is this one there.
WITHIN_ACCOUNT = {BY_ACCOUNT: OLDEST_FIRST, BY_ACCOUNT_BACKWARDS: NEWEST_FIRST}


def read_page(
    session: Session,
    wanted: Wanted,
    *,
    size: int,
    order: Keyset = NEWEST_FIRST,
    after: Place | None = None,
    before: Place | None = None,
    sizes: Sizes | None = None,
) -> Page:
    """One page of live contacts, each with its account's name unless that is deleted (`read_found`).

    With filters, only few can be sorted by account (`is_sortable`). `sizes` is what `measure_sources` has
    found, if it was asked before.
    """

    def read(ids: list[int]) -> Sequence[Row[*tuple[Any, ...]]]:
        return session.execute(live_rows(wanted.workspace_id).where(Contact.id.in_(ids))).all()

    finder = _finder(session, wanted, order, sizes)
    return read_found(finder, read, size=size, after=after, before=before)


def measure_sources(session: Session, wanted: Wanted) -> Sizes:
    """How many contacts each of the filters has."""
    return measure(session, wanted, min(FEW, SCAN_LIMIT))


def is_filtered(wanted: Wanted) -> bool:
    """Whether not all live contacts are wanted."""
    return bool(wanted.checks(Contact.id, Contact.account_id))


def is_sortable(wanted: Wanted, order: Keyset, sizes: Sizes) -> bool:
    """Whether filtered contacts can be read in this order. Many of them can be sorted by account only if they
    have the same one."""
    return order not in WITHIN_ACCOUNT or wanted.account_id is not None or sizes.shortest is not None


def _finder(session: Session, wanted: Wanted, order: Keyset, sizes: Sizes | None) -> Finder:
    walk = Walk(session, order, partial(_rows, wanted, order), partial(_checks, wanted))
    if not is_filtered(wanted):
        if order in WITHIN_ACCOUNT:
            return partial(find_by_account, session, wanted.workspace_id, descending=order.descending)
        return partial(_unchecked, walk, None)
    sizes = sizes or measure_sources(session, wanted)
    if wanted.account_id is not None and order in WITHIN_ACCOUNT:
        return _with_key(_finder(session, wanted, WITHIN_ACCOUNT[order], sizes))
    # The sources of an account and of all live contacts are the last ones.
    of_account, in_account = len(sizes.numbers) - 2, _walks_account(wanted, order)
    if in_account and not is_filtered(replace(wanted, account_id=None)):
        number = sizes.numbers[of_account]
        return partial(_unchecked, walk, number if number <= sizes.most else None)
    shortest = sizes.shortest
    if shortest is None:
        return partial(_walked, walk, wanted)
    if shortest >= of_account + (not in_account) and order not in WITHIN_ACCOUNT:
        every = walk.checked(SCAN_LIMIT)
    else:
        every = _looked_up(wanted, order, wanted.sources()[shortest])
    return partial(sort, session, order, every)


def _with_key(finder: Finder) -> Finder:
    """The finder of an order by account, where all contacts have the same one: any text is its key."""

    def find(*, limit: int, **place: Place) -> Found:
        found = finder(limit=limit, **{name: values[1:] for name, values in place.items()})
        end = None if found.end is None else ("", *found.end)
        return replace(found, places=[("", *values) for values in found.places], end=end)

    return find


def _walks_account(wanted: Wanted, order: Keyset) -> bool:
    """Whether an index has the contacts of the wanted account in this order."""
    return wanted.account_id is not None and order in WITHIN_ACCOUNT.values()


def _rows(wanted: Wanted, order: Keyset, limit: int, **place: Place) -> Select[*tuple[Any, ...]]:
    """The live contacts beyond a place in an order that is an index of theirs: the order's columns, and the
    account."""
    every = select(*order.columns, Contact.account_id)
    if _walks_account(wanted, order):
        here = filter_only(Contact.workspace_id == wanted.workspace_id)
        every = every.where(Contact.account_id == wanted.account_id, Contact.deleted_at.is_(None), here)
    else:
        every = every.where(live(wanted.workspace_id))
    walk = order.seek(every, limit=limit, **place)
    # Last, because SQLite seeks by the first of these conditions.
    return walk.where(NAMED) if order in (BY_NAME, BY_NAME_BACKWARDS) else walk


def _checks(wanted: Wanted, near: FromClause) -> list[ColumnElement[bool]]:
    return wanted.checks(near.c.id, near.c.account_id)


def _looked_up(
    wanted: Wanted, order: Keyset, source: Select[int], *, by_text: bool = True
) -> Select[*tuple[Any, ...]]:
    """The order's columns of the wanted contacts among few ids."""
    checks = wanted.checks(Contact.id, Contact.account_id, by_text=by_text)
    return select(*order.columns).where(
        is_one_of(Contact.id, source),
        *(filter_only(condition) for condition in (live(wanted.workspace_id), *checks)),
    )


def _unchecked(walk: Walk, total: int | None, *, limit: int, **place: Place) -> Found:
    """All of a walk."""
    return Found(read_places(walk.session, walk.order, walk.rows(limit, **place)), total)


def _walked(walk: Walk, wanted: Wanted, *, limit: int, **place: Place) -> Found:
    """Check the contacts of a walk, up to SCAN_LIMIT of them; a text is searched for (`Search`)."""
    if wanted.has_text is not None:

        def among(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
            those = select(id_table(walk.session, ids).c.value)
            return _looked_up(wanted, walk.order, those, by_text=False)

        matches = partial(matching_contacts, walk.session, wanted.has_text, wanted.workspace_id)
        return Search(walk, matches, among).find(limit=limit, **place)
    return walk.find(looks=(FIRST_LOOK, SCAN_LIMIT), limit=limit, **place)


def read_selected(session: Session, workspace_id: int, ids: list[int], order: Keyset) -> Page:
    """The live contacts among `ids`, on one page."""
    return order.read_all(session, live_rows(workspace_id).where(Contact.id.in_(ids)))


def count_quickly(session: Session, wanted: Wanted, page: Page, size: int) -> Amount:
    """How many live contacts are wanted, as far as a request has time to count; `page` is one of their
    pages."""
    if page.total is not None:
        return Amount(page.total)
    if wanted.checks(Contact.id, Contact.account_id):
        # There is another page, so that there are more, if perhaps not many.
        return Amount(min(size, len(page.rows)), exact=False)
    [number] = measure(session, wanted, SCAN_LIMIT).numbers
    return Amount(min(number, SCAN_LIMIT), exact=number <= SCAN_LIMIT)


def count(session: Session, wanted: Wanted) -> int:
    """How many live contacts are wanted; it can take seconds."""
    return session.scalar(select(func.count()).select_from(wanted.ids().subquery())) or 0


def filter_selection(session: Session, wanted: Wanted, ids: list[int]) -> list[int]:
    """The live and wanted contacts among `ids`."""
    if not ids:
        return []
    conditions = live(wanted.workspace_id), *wanted.checks(Contact.id, Contact.account_id)
    query = select(Contact.id).where(Contact.id.in_(ids), *(filter_only(each) for each in conditions))
    return list(session.scalars(query))
