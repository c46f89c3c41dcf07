"""Finding contacts by text, in an order, at a cost that hardly depends on how many contacts there are.

A frequent text fills a page from the first contacts in the order. A rare text has few matches, which the text
index finds. No planner guesses reliably which case applies, and a wrong guess costs seconds with a million
contacts. So a search scans the first contacts, and reads all matches only if these do not fill the page. Both
ways look up the contacts one by one in a scalar subquery, so that no planner can choose a full scan.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, Subquery, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.matching import contact_matches
from webapp.models import Contact, ContactSearch
from webapp.models.base import filter_only

# How many contacts a request scans or counts at most: about 15 ms.
SCAN_LIMIT = 10_000


@dataclass(frozen=True)
class Amount:
    """A number of contacts; not `exact` if there are more, which a request has no time to count."""

    number: int
    exact: bool = True

    @classmethod
    def on(cls, page: Page, size: int) -> "Amount":
        """How many rows all pages have, as far as reading this page has found out."""
        return cls(size, exact=False) if page.total is None else cls(page.total)


@dataclass(frozen=True)
class Search:
    """A text, and the two ways to find its contacts. Both statements select `id` and `moment`."""

    # The condition on a row of `ContactSearch` (`text_matches`).
    has_text: ColumnElement[bool]
    order: Keyset
    # All contacts to search in.
    candidates: Select[*tuple[Any, ...]]
    # The contacts among them that match, unordered (built on `all_matches`).
    matches: Select[*tuple[Any, ...]]
    # Whether there are at most SCAN_LIMIT candidates, so that a request can scan them all.
    is_short: bool

    def ids(self, session: Session, *, limit: int, **place: Place) -> tuple[list[int], int | None]:
        """The first `limit` ids beyond the place, in order, and the total of matches if it is known."""
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
        """The contacts among them that match, found by checking each one."""
        near = contacts.subquery()
        return select(near).where(contact_matches(near.c.id, self.has_text)).subquery()


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
