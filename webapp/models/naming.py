"""What lists, tags and accounts share: a name, unique in its workspace among the live ones by its key."""

from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import MappedColumn, mapped_column

from webapp.characters import LONGEST_NAME_KEY, name_key
from webapp.models.base import partial_index


def name_key_column() -> MappedColumn[Any]:
    """The key of the row's name, filled in when the row is inserted; an update of the name sets it, too.

    Null in live rows that the previous release has inserted, until they are given one
    (`webapp.catalogue.keys`), and in rows that were deleted before there were keys.
    """
    return mapped_column(String(LONGEST_NAME_KEY), default=_key_of_name)


def name_indexes(table: str) -> tuple[Index, ...]:
    """Names are unique by their keys. The key comes first, so that the index also finds rows without one.

    By the names themselves, too, as long as the previous release may insert rows without a key.
    """
    return (
        partial_index(
            f"uq_{table}_live_name_key", "name_key", "workspace_id", where="deleted_at IS NULL", unique=True
        ),
        partial_index(
            f"uq_{table}_live_name", "workspace_id", "name", where="deleted_at IS NULL", unique=True
        ),
        # The order of its list page.
        partial_index(f"ix_{table}_by_name", "workspace_id", "name_key", "id", where="deleted_at IS NULL"),
    )


def _key_of_name(context: DefaultExecutionContext) -> str:
    return name_key(context.get_current_parameters()["name"])  # type: ignore[no-untyped-call]
