"""Finding one list, tag or account by the name that a person types, and names to suggest."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.catalogue.names import Named
from webapp.characters import name_key

# A browser shows a handful of suggestions, and finds the ones that match.
SUGGESTED = 200


def find_by_name(session: Session, kind: Named, workspace_id: int, name: str) -> int | None:
    """The id of the workspace's live list, tag or account with this name, in whatever spelling."""
    return session.scalar(
        select(kind.id).where(
            kind.name_key == name_key(name), kind.workspace_id == workspace_id, kind.deleted_at.is_(None)
        )
    )


def names_to_suggest(session: Session, kind: Named, workspace_id: int) -> list[str]:
    """The first names in their order."""
    names = (
        select(kind.name)
        .where(kind.workspace_id == workspace_id, kind.deleted_at.is_(None), kind.name_key.is_not(None))
        .order_by(kind.name_key, kind.id)
        .limit(SUGGESTED)
    )
    return list(session.scalars(names))


def name_of(session: Session, kind: Named, workspace_id: int, row_id: int | None) -> str | None:
    """The name of the workspace's live list, tag or account."""
    return session.scalar(
        select(kind.name).where(
            kind.id == row_id, kind.workspace_id == workspace_id, kind.deleted_at.is_(None)
        )
    )
