"""The overview's pages: live contacts, filtered and in an order, at a cost that hardly depends on how many
there are (docs/adr/0011).

Where one of the filters has few contacts, these are read and sorted. Otherwise the contacts are walked in
the order of the page, each one checked; after SCAN_LIMIT of them a page ends, however few it has found, and
the next one begins there. So neither a rare filter nor one whose contacts are mostly deleted makes a request
long.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from webapp.contacts.by_account import ByAccount
from webapp.contacts.found import Found
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.profile import live_rows
from webapp.contacts.search import SCAN_LIMIT, Amount, all_matches
from webapp.contacts.wanted import Sizes, Wanted, measure
from webapp.models import NAMED, Account, Contact, live
from webapp.models.base import filter_only, is_one_of

# So many contacts of a filter are looked up and sorted: about 30 ms.
FEW = 5_000
# A walk looks at so many contacts first: most filters that have more than a few fill a page from these.
FIRST_LOOK = 1_000

NEWEST_FIRST = Keyset(Contact.created_at, Contact.id)
OLDEST_FIRST = Keyset(Contact.created_at, Contact.id, descending=False)
BY_NAME = Keyset(Contact.first_name, Contact.last_name, Contact.id, descending=False)
BY_NAME_BACKWARDS = Keyset(Contact.first_name, Contact.last_name, Contact.id)
# The name of the account, behind a letter, so that contacts without one come last.
_account_key = (
    select("a" + func.coalesce(Account.name_key, Account.name))
    .where(Account.id == Contact.account_id, Account.deleted_at.is_(None))
    .correlate(Contact)
    .scalar_subquery()
)
BY_ACCOUNT = Keyset(func.coalesce(_account_key, "b").label("account_key"), Contact.id, descending=False)


class Finder(Protocol):
    def __call__(self, *, limit: int, **place: Place) -> Found: ...


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
    """One page of live contacts, each with its account's name unless that is deleted.

    The page that starts after `after`, or ends before `before`, or the first one; the first one as well if
    all rows of the page have disappeared since. Where a walk has ended, it has fewer rows than `size`,
    perhaps none, and still a next page. With filters, only few can be sorted by account. `sizes` is what
    `measure_sources` has found, if it was asked before.
    """
    finder = _finder(session, wanted, order, sizes)
    if before is not None:
        found = finder(limit=size + 1, before=before)
        if found.is_there:
            places, more = found.places[:size], len(found.places) > size
            newer = places[-1] if more else found.end
            rows = _rows(session, wanted.workspace_id, places)[::-1]
            return Page(rows, older=places[0] if places else before, newer=newer, total=found.total)
    elif after is not None:
        found = finder(limit=size + 1, after=after)
        if found.is_there:
            places, more = found.places[:size], len(found.places) > size
            older = places[-1] if more else found.end
            rows = _rows(session, wanted.workspace_id, places)
            return Page(rows, older=older, newer=places[0] if places else after, total=found.total)
    found = finder(limit=size + 1)
    places, more = found.places[:size], len(found.places) > size
    older = places[-1] if more else found.end
    rows = _rows(session, wanted.workspace_id, places)
    return Page(rows, older=older, newer=None, total=found.total if older else len(rows))


def measure_sources(session: Session, wanted: Wanted) -> Sizes:
    """How many contacts each of the filters has."""
    return measure(session, wanted, min(FEW, SCAN_LIMIT))


def is_filtered(wanted: Wanted) -> bool:
    """Whether not all live contacts are wanted."""
    return bool(wanted.checks(Contact.id, Contact.account_id))


def _rows(session: Session, workspace_id: int, places: Sequence[Place]) -> list[Row[*tuple[Any, ...]]]:
    if not places:
        return []
    ids: list[Any] = [place[-1] for place in places]
    rows = {row[0].id: row for row in session.execute(live_rows(workspace_id).where(Contact.id.in_(ids)))}
    # A row can disappear between the two statements.
    return [rows[row_id] for row_id in ids if row_id in rows]


def _finder(session: Session, wanted: Wanted, order: Keyset, sizes: Sizes | None) -> Finder:
    checks = wanted.checks(Contact.id, Contact.account_id)
    if not checks and order is BY_ACCOUNT:
        return partial(_by_account, session, wanted.workspace_id)
    if not checks:
        return lambda *, limit, **place: Found(_places(session, order, _walk(wanted, order, limit, **place)))
    sizes = sizes or measure_sources(session, wanted)
    shortest = sizes.shortest
    if shortest is None:
        return lambda *, limit, **place: _walked(session, wanted, order, limit, **place)
    if shortest == len(sizes.numbers) - 1 and order is not BY_ACCOUNT:
        every = _checked(wanted, _walk(wanted, order, SCAN_LIMIT), order)
    else:
        every = _looked_up(wanted, order, wanted.sources()[shortest])
    return lambda *, limit, **place: _sorted(session, order, every, limit, **place)


def _by_account(
    session: Session,
    workspace_id: int,
    *,
    limit: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Found:
    return ByAccount(session, workspace_id, forwards=before is None).find(limit, before or after)


def _walk(wanted: Wanted, order: Keyset, limit: int, **place: Place) -> Select[*tuple[Any, ...]]:
    """The live contacts beyond a place in an order that is an index of theirs: the order's columns, and the
    account."""
    every = select(*order.columns, Contact.account_id).where(live(wanted.workspace_id))
    walk = order.seek(every, limit=limit, **place)
    # Last, because SQLite seeks by the first of these conditions.
    return walk.where(NAMED) if order in (BY_NAME, BY_NAME_BACKWARDS) else walk


def _places(session: Session, order: Keyset, query: Select[*tuple[Any, ...]]) -> list[Place]:
    return [tuple(row[: len(order.columns)]) for row in session.execute(query)]


def _checked(wanted: Wanted, walk: Select[*tuple[Any, ...]], order: Keyset) -> Select[*tuple[Any, ...]]:
    """The order's columns of the wanted contacts among those of a walk."""
    near = walk.subquery()
    columns = list(near.c)[: len(order.columns)]
    return select(*columns).where(*wanted.checks(columns[-1], near.c.account_id))


def _looked_up(
    wanted: Wanted, order: Keyset, source: Select[int], *, by_text: bool = True
) -> Select[*tuple[Any, ...]]:
    """The order's columns of the wanted contacts among few ids."""
    checks = wanted.checks(Contact.id, Contact.account_id, by_text=by_text)
    return select(*order.columns).where(
        is_one_of(Contact.id, source),
        *(filter_only(condition) for condition in (live(wanted.workspace_id), *checks)),
    )


def _sorted(
    session: Session, order: Keyset, every: Select[*tuple[Any, ...]], limit: int, **place: Place
) -> Found:
    """Sort all wanted contacts, which are few."""
    counted = every.add_columns(func.count().over().label("total")).subquery()
    columns = list(counted.c)[: len(order.columns)]
    by_value = Keyset(*columns, descending=order.descending)
    rows = session.execute(by_value.seek(select(counted), limit=limit, **place)).all()
    return Found([tuple(row[:-1]) for row in rows], total=rows[0].total if rows else None)


def _walked(session: Session, wanted: Wanted, order: Keyset, limit: int, **place: Place) -> Found:
    """Check the contacts of a walk, up to SCAN_LIMIT of them. If that is not enough for a text, its index
    finds all that have it: they are few then."""
    for most in (FIRST_LOOK, SCAN_LIMIT) if wanted.has_text is None else (SCAN_LIMIT,):
        matching = _checked(wanted, _walk(wanted, order, most, **place), order)
        by_value = Keyset(*matching.selected_columns, descending=order.descending)
        places = _places(session, order, by_value.seek(matching, limit=limit, **place))
        if len(places) == limit:
            return Found(places)
    if wanted.has_text is not None:
        lives = live(wanted.workspace_id)
        with_text = all_matches(wanted.has_text, wanted.workspace_id, Contact.id, lives)
        source = select(with_text.c.value).where(with_text.c.value.is_not(None))
        return _sorted(session, order, _looked_up(wanted, order, source, by_text=False), limit, **place)
    ends = _places(session, order, _walk(wanted, order, 2, **place).offset(SCAN_LIMIT - 1))
    end = ends[0] if len(ends) == 2 else None
    return Found(places, end=end, is_walk=True)


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
