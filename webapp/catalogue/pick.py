"""Finding a few lists, tags, accounts or deals by a part of their name, among many, to pick one, or making
one of the typed name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from webapp.catalogue.deal_titles import STALE_COLUMN, deals_with_title, title_matches
from webapp.catalogue.names import Named, NameTaken, create
from webapp.characters import name_key
from webapp.folding import words
from webapp.models import Deal
from webapp.models.base import begins_with, filter_only, is_one_of

# So many are shown; of more, the person types more of the name.
MOST = 8
# So many are looked through for a text inside their names: about 10 ms.
SCAN = 10_000
MOST_DEALS = 1_000


@dataclass(frozen=True)
class Choice:
    """One to pick; `note` tells it from another of the same name."""

    id: int
    name: str
    note: str = ""


@dataclass(frozen=True)
class Choices:
    """What was found, in order; `more` if there is more than is shown; `exact` if one has just this name."""

    choices: Sequence[Choice]
    more: bool = False
    exact: bool = False


def id_of_name(
    session: Session, kind: Named, name: str, *, workspace_id: int, by: int | None, now: datetime
) -> int:
    """The id of the live list, tag or account with this name, in whatever spelling, in the caller's write
    transaction; one that is missing is created. Raises NoName if there is nothing to see in it."""
    try:
        return create(session, kind, name, workspace_id=workspace_id, by=by, now=now)
    except NameTaken as taken:
        if taken.other_id is None:
            raise
        return taken.other_id


def pick_named(
    session: Session, kind: Named, workspace_id: int, text: str, *, without: Sequence[int] = ()
) -> Choices:
    """The live lists, tags or accounts with `text` in their names, by name; all for an empty text.

    Those `without` are left out of the choices. Of very many, a name that begins with the text is always
    found; one that contains it, if it is among the first SCAN.
    """
    key = name_key(text)
    live = select(kind.id, kind.name, kind.name_key).where(
        kind.workspace_id == workspace_id, kind.deleted_at.is_(None)
    )
    order = kind.name_key, kind.id
    near = live.order_by(*order).limit(SCAN).subquery()
    # In the order of names those that begin with the text follow the text itself.
    from_here = live.where(kind.name_key >= key).order_by(*order).limit(MOST + len(without) + 1).subquery()
    found = union(
        _containing(near, key, without, starts=False), _containing(from_here, key, without, starts=True)
    ).subquery()
    rows = session.execute(select(found).order_by(found.c.name_key, found.c.id).limit(MOST + 1)).all()
    exact = session.scalar(
        select(kind.id).where(
            kind.workspace_id == workspace_id, kind.deleted_at.is_(None), kind.name_key == key
        )
    )
    return Choices([Choice(row.id, row.name) for row in rows[:MOST]], len(rows) > MOST, exact is not None)


def _containing(rows: Any, key: str, without: Sequence[int], *, starts: bool) -> Select[*tuple[Any, ...]]:
    name = rows.c.name_key
    has_text = name.startswith(key, autoescape=True) if starts else name.contains(key, autoescape=True)
    # SQLite takes a limit within a union in a subquery only.
    return select(select(rows).where(has_text, rows.c.id.not_in(without)).limit(MOST + 1).subquery())


def pick_deal(session: Session, workspace_id: int, text: str, *, without: Sequence[int] = ()) -> Choices:
    """The live deals that have the words of `text` in their titles, the newest first: among the newest
    MOST_DEALS deals, and among so many that have the words."""
    order = Deal.workspace_id, Deal.id
    lives = filter_only(Deal.deleted_at.is_(None))
    near = select(Deal.id, Deal.title, Deal.stage, STALE_COLUMN).where(
        begins_with(order, [workspace_id]), lives
    )
    some = near.order_by(*(column.desc() for column in order)).limit(MOST_DEALS).subquery()
    parts = [select(some.c.id, some.c.title, some.c.stage)]
    if words(text):
        parts[0] = parts[0].where(title_matches(text, some.c.id, some.c.title, some.c.is_stale))
        titled = select(deals_with_title(workspace_id, text).limit(MOST_DEALS).subquery().c.id)
        parts.append(select(Deal.id, Deal.title, Deal.stage).where(is_one_of(Deal.id, titled), lives))
    found = union(*parts).subquery()
    rows = session.execute(
        select(found).where(found.c.id.not_in(without)).order_by(found.c.id.desc()).limit(MOST + 1)
    ).all()
    return Choices([Choice(row.id, row.title, row.stage) for row in rows[:MOST]], len(rows) > MOST)
