"""The titles of deals, found however they are typed, as contacts are (docs/adr/0014).

`DealSearch` has each title in its folded form. A deal that the release before has made or renamed is found by
its title as it stands, until the worker has folded it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    false,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from webapp.database import execute_update, lower_text
from webapp.folding import folded_title, wanted, words
from webapp.models import Deal, DealSearch
from webapp.models.deal import IS_STALE

# Whether a deal is stale, as a column: the condition IS_STALE is for the index.
STALE_COLUMN = (Deal.searched_version != Deal.version).label("is_stale")


def search_columns(deal_id: int, workspace_id: int, title: str) -> dict[str, Any]:
    """The values of a deal's row in `DealSearch`."""
    return {"deal_id": deal_id, "workspace_id": workspace_id, "folded": folded_title(title)}


def store_titles(session: Session, deals: Sequence[Any]) -> None:
    """Store the titles of these deals, in the caller's write transaction; each has `id`, `workspace_id`,
    `title` and `version`."""
    if not deals:
        return
    ids = [deal.id for deal in deals]
    execute_update(session, delete(DealSearch).where(DealSearch.deal_id.in_(ids)))
    session.execute(
        insert(DealSearch),
        [search_columns(deal.id, deal.workspace_id, deal.title) for deal in deals],
    )
    session.connection().execute(
        update(Deal).where(Deal.id == bindparam("deal_id")).values(searched_version=bindparam("seen")),
        [{"deal_id": deal.id, "seen": deal.version} for deal in deals],
    )


def title_matches(q: str, deal_id: Any, title: Any, is_stale: Any) -> ColumnElement[bool]:
    """Whether one deal, with these columns, has all words of `q` in its title."""
    found = select(_is_found(q)).where(DealSearch.deal_id == deal_id).scalar_subquery()
    return or_(found, and_(is_stale, _has_literally(q, title)))


def deals_with_title(workspace_id: int, q: str) -> Select[int]:
    """The ids of the workspace's deals that have all words of `q` in their titles, deleted ones as well, by
    the index of titles. One that is stale can be there twice."""
    folded = select(DealSearch.deal_id.label("id")).where(
        DealSearch.workspace_id == workspace_id, _is_found(q)
    )
    stale = select(Deal.id).where(Deal.workspace_id == workspace_id, IS_STALE, _has_literally(q, Deal.title))
    # Apart from any limit: with it the planner can expect to meet enough of them in the table soon.
    found = union_all(folded, stale).cte("found").prefix_with("MATERIALIZED")
    return select(found.c.id)


def _is_found(q: str) -> ColumnElement[bool]:
    parts = wanted(q)
    return and_(*(DealSearch.folded.contains(part, autoescape=True) for part in parts)) if parts else false()


def _has_literally(q: str, title: Any) -> ColumnElement[bool]:
    if not words(q):
        return false()
    return and_(*(lower_text(title).contains(word, autoescape=True) for word in q.lower().split()))
