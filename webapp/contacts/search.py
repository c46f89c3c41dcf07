"""Finding contacts by text, in an order, at a cost that hardly hangs on how many there are.

A frequent text fills a page from the first contacts in the order; a rare one has few matches, which the
text's own index knows. No planner guesses reliably which of the two a text is, and a wrong guess costs
seconds at a million. So the first contacts are looked through, and only where they do not fill the page all
matches are taken. Both ways look up one contact after another in a scalar subquery, which no planner turns
around into a scan of everything.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, ScalarSelect, Select, Subquery, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.normal import text_matches
from webapp.models import Contact, ContactSearch
from webapp.models.base import filter_only

# How many contacts a request looks through, or counts: about 15 ms.
SCAN_LIMIT = 10_000


@dataclass(frozen=True)
class Amount:
    """How many there are; not `exact` where there are more, which a request has no time to count."""

    number: int
    exact: bool = True

    @classmethod
    def on(cls, page: Page, size: int) -> "Amount":
        """How many rows all the pages have, as far as reading this one has told."""
        return cls(size, exact=False) if page.total is None else cls(page.total)


@dataclass(frozen=True)
class Search:
    """A text, and the two ways to the contacts that have it. Both selects give `id` and `moment`."""

    q: str
    order: Keyset
    # All contacts that the text is looked for in.
    candidates: Select[*tuple[Any, ...]]
    # Those of them that have it, in no order (`all_matches` begins such a select).
    matches: Select[*tuple[Any, ...]]
    # Whether `among` has at most SCAN_LIMIT contacts, so that all of them can be looked through.
    is_short: bool

    def ids(self, session: Session, *, limit: int, **place: Place) -> tuple[list[int], int | None]:
        """The first `limit` ids beyond the place, in order, and how many match in all if that is known."""
        if not self.is_short:
            near = self._scan(self.order.seek(self.candidates, limit=SCAN_LIMIT, **place))
            ids = list(
                session.scalars(
                    Keyset(near.c.moment, near.c.id).seek(select(near.c.id), limit=limit, **place)
                )
            )
            if len(ids) == limit:
                return ids, None
        every = (
            self._scan(self.order.seek(self.candidates, limit=SCAN_LIMIT))
            if self.is_short
            else self.matches.subquery()
        )
        counted = select(every.c.id, every.c.moment, func.count().over().label("total")).subquery()
        rows = session.execute(
            Keyset(counted.c.moment, counted.c.id).seek(select(counted), limit=limit, **place)
        ).all()
        return [row.id for row in rows], rows[0].total if rows else None

    def _scan(self, contacts: Select[*tuple[Any, ...]]) -> Subquery:
        """Those of the contacts that have the text, found by looking at each of them."""
        near = contacts.subquery()
        return select(near).where(text_matches(self.q, text_of(near.c.id))).subquery()


def text_of(contact_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ScalarSelect[str]:
    """What one contact is found by, looked up by its id."""
    return select(ContactSearch.text).where(ContactSearch.contact_id == contact_id).scalar_subquery()


def all_matches(
    q: str, workspace_id: int, value: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]
) -> CTE:
    """The workspace's contacts that have the text, as `id`, each with its `value`; null where not all
    conditions on the contact hold."""
    looked_up = select(value).where(Contact.id == ContactSearch.contact_id, filter_only(and_(*conditions)))
    return (
        select(
            ContactSearch.contact_id.label("id"),
            looked_up.correlate(ContactSearch).scalar_subquery().label("value"),
        )
        .where(ContactSearch.workspace_id == workspace_id, text_matches(q))
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
