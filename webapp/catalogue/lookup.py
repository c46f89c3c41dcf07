"""Finding one list, tag or account by the name that a person types, and names to suggest."""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.catalogue.names import Named
from webapp.characters import name_key

# A browser shows a handful of suggestions, and finds the ones that match.
SUGGESTED = 200


class Found(NamedTuple):
    """A list, tag or account, as it is called."""

    id: int
    name: str


def find_named(session: Session, kind: Named, workspace_id: int, name: str) -> Found | None:
    """The workspace's live list, tag or account with this name, in whatever spelling."""
    here = kind.workspace_id == workspace_id, kind.deleted_at.is_(None), kind.name_key == name_key(name)
    row = session.execute(select(kind.id, kind.name).where(*here)).one_or_none()
    return Found(*row) if row else None


def find_by_name(session: Session, kind: Named, workspace_id: int, name: str) -> int | None:
    """Its id alone."""
    found = find_named(session, kind, workspace_id, name)
    return found.id if found else None


def names_to_suggest(session: Session, kind: Named, workspace_id: int, *, most: int = SUGGESTED) -> list[str]:
    """The first names in their order, at most so many."""
    names = (
        select(kind.name)
        .where(kind.workspace_id == workspace_id, kind.deleted_at.is_(None), kind.name_key.is_not(None))
        .order_by(kind.name_key, kind.id)
        .limit(most)
    )
    return list(session.scalars(names))


def name_of(session: Session, kind: Named, workspace_id: int, row_id: int | None) -> str | None:
    """The name of the workspace's live list, tag or account."""
    return session.scalar(
        select(kind.name).where(
            kind.id == row_id, kind.workspace_id == workspace_id, kind.deleted_at.is_(None)
        )
    )
