"""Finding rows by text, in an order, at a cost that hardly depends on how many there are.

A frequent text fills a page from the first rows in the order. A rare text has few matches, which the text
index finds. No planner guesses reliably which case applies, and a wrong guess costs seconds with a million
contacts. So a search looks at some rows first. If these do not fill the page, it asks the index; and if that
has too many matches, which stand elsewhere in the order, it walks on and ends the page where it has looked at
enough. Whether they are far too many, a sample says, because an index collects all its matches before it
gives the first. All ways look up the rows one by one in a scalar subquery, so that no planner can choose a
full scan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, func, literal, not_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.contacts.found import Found
from webapp.contacts.keyset import Page, Place
from webapp.contacts.walk import Walk, sort
from webapp.database import id_table
from webapp.models import Contact, ContactSearch
from webapp.models.base import filter_only, is_one_of

# How many contacts a request scans or counts at most: about 15 ms.
SCAN_LIMIT = 10_000
# A search looks at so many first, and then asks its index.
FIRST_LOOK = 2_000
# So many matches of a text index are looked up and sorted: about 15 ms.
MOST_MATCHES = 3_000
# A text with so many matches is too frequent for its index to be asked: that takes 20 ms for 50,000.
FREQUENT = 50_000
# So many rows are looked at to find out: about 2 ms. At least so many of them must have the text.
SAMPLE, EVIDENCE = 200, 8
# Multiples of the golden ratio are spread evenly, however many there are, and meet no rhythm of the ids.
GOLDEN, PARTS = (5**0.5 - 1) / 2, 1_000_000


@dataclass(frozen=True)
class Amount:
    """A number of contacts; not `exact` if there are more, which a request has no time to count."""

    number: int
    exact: bool = True

    @classmethod
    def on(cls, page: Page, size: int) -> "Amount":
        """How many rows all pages have, as far as reading this page has found out. A walk can have ended
        before the page was full."""
        if page.total is not None:
            return cls(page.total)
        return cls(min(size, len(page.rows)), exact=False)

    @property
    def code(self) -> str:
        """As a page says it to the next request: "60", or "50+" for more than these."""
        return f"{self.number}{'' if self.exact else '+'}"


@dataclass(frozen=True)
class Search:
    """A walk that checks for a text, and the other way to find what has it."""

    walk: Walk
    # The ids of all rows with the text, whatever their place and their filters, up to a number; as many if
    # they are too many to be collected.
    matches: Callable[[int], Sequence[int]]
    # The statement of the order's columns of those with these ids that fulfil the filters.
    among: Callable[[Sequence[int]], Select[*tuple[Any, ...]]]

    def find(self, *, limit: int, **place: Place) -> Found:
        """The first `limit` places beyond a place."""
        looked_at = min(FIRST_LOOK, SCAN_LIMIT)
        places = self.walk.scan(looked_at, limit, **place)
        if len(places) < limit and len(places) * SCAN_LIMIT >= limit * looked_at:
            # If the text is as frequent further on, a longer look fills the page.
            looked_at = SCAN_LIMIT
            places = self.walk.scan(looked_at, limit, **place)
        if len(places) == limit:
            return Found(places)
        ids = self.matches(MOST_MATCHES + 1)
        if len(ids) <= MOST_MATCHES:
            return sort(self.walk.session, self.walk.order, self.among(ids), limit=limit, **place)
        # After the longer look the next page begins behind the last match: that needs no statement more.
        end = places[-1] if looked_at == SCAN_LIMIT and places else self.walk.end(looked_at, **place)
        return Found(places, end=end, is_walk=True)


def matching_contacts(
    session: Session, has_text: ColumnElement[bool], workspace_id: int, limit: int
) -> Sequence[int]:
    """The ids of the workspace's contacts that have the text, deleted ones as well, up to `limit`. Of a text
    that is far too frequent they are not collected: as many zeros stand for them."""
    here = ContactSearch.workspace_id == workspace_id
    has_it = [here, has_text]
    # SQLite has no index of texts.
    if is_sampled := session.get_bind().dialect.name == "postgresql":
        sample = _sample(session, and_(here, has_text)).cte("found_in_sample").prefix_with("MATERIALIZED")
        is_frequent = select(sample.c.is_frequent).scalar_subquery()
        has_it.append(not_(is_frequent))
    # Apart from the limit: with it the planner can expect to meet enough of them in the table soon.
    every = select(ContactSearch.contact_id.label("id")).where(*has_it)
    ids = select(every.cte("found").prefix_with("MATERIALIZED").c.id).limit(limit)
    if not is_sampled:
        return session.scalars(ids).all()
    marked = union_all(select(ids.subquery().c.id), select(literal(0)).where(is_frequent))
    matches = session.scalars(marked).all()
    return matches if 0 not in matches else [0] * limit


def _sample(session: Session, condition: ColumnElement[bool]) -> Select[bool]:
    """Whether `FREQUENT` rows or more of the search texts fulfil the condition, as `SAMPLE` of them say.
    Where there are no ids for so many rows, none is looked at."""
    fractions = [int(number * GOLDEN % 1 * PARTS) for number in range(SAMPLE)]
    last = select(func.max(ContactSearch.contact_id)).scalar_subquery()
    ids = select(id_table(session, fractions).c.value * last // PARTS + 1).where(last >= FREQUENT)
    hits = func.count()
    is_frequent = and_(hits >= EVIDENCE, hits * last >= FREQUENT * SAMPLE)
    met = is_one_of(ContactSearch.contact_id, ids), filter_only(condition)
    return select(is_frequent.label("is_frequent")).select_from(ContactSearch).where(*met)


def all_matches(
    has_text: ColumnElement[bool],
    workspace_id: int,
    value: InstrumentedAttribute[Any],
    *conditions: ColumnElement[bool],
) -> CTE:
    """The workspace's contacts that have the text, as `id`, each with its `value`. The value is null if a
    condition on the contact does not hold."""
    looked_up = select(value).where(Contact.id == ContactSearch.contact_id, filter_only(and_(*conditions)))
    return (
        select(
            ContactSearch.contact_id.label("id"),
            looked_up.correlate(ContactSearch).scalar_subquery().label("value"),
        )
        .where(ContactSearch.workspace_id == workspace_id, has_text)
        .cte("found")
        .prefix_with("MATERIALIZED")
    )


def with_text(ids: Select[int], has_text: ColumnElement[bool] | None) -> Select[int]:
    """The contacts of the statement `ids` that have the text; all if it is None."""
    if has_text is None:
        return ids
    return ids.join(ContactSearch, ContactSearch.contact_id == Contact.id).where(has_text)
