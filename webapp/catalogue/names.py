"""Finding, creating and renaming lists, tags and accounts by their names."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.database import execute_update, lock_workspace, slices
from webapp.models import Account, MailingList, Tag
from webapp.models.audit_event import record

Named = type[Account] | type[MailingList] | type[Tag]


class NameTaken(Exception):
    """Another live row of the same kind in the workspace has the name; nothing was changed."""


def ids_by_name(session: Session, kind: Named, workspace_id: int, names: Iterable[str]) -> dict[str, int]:
    """The ids of the workspace's accounts, lists or tags with these names; creates missing ones.

    Finds live ones only: a new one with the name of a deleted one is another row. Raises IntegrityError if
    another connection creates one of them at the same moment.
    """
    wanted = list(dict.fromkeys(names))
    found: dict[str, int] = {}
    for some in slices(wanted):
        live = select(kind.name, kind.id).where(
            kind.workspace_id == workspace_id, kind.deleted_at.is_(None), kind.name.in_(some)
        )
        found.update(session.execute(live).all())
    missing = [name for name in wanted if name not in found]
    if missing:
        made = session.execute(
            insert(kind).returning(kind.name, kind.id),
            [{"workspace_id": workspace_id, "name": name} for name in missing],
        )
        found.update(made.all())
    return found


def rename(
    session: Session, kind: Named, row_id: int, name: str, *, workspace_id: int, by: int | None, now: datetime
) -> bool:
    """Rename the workspace's live list, tag or account `row_id`, in the caller's write transaction.

    It keeps its associations, including those of deleted contacts. The caller has checked that the name fits
    its column. Returns whether the name has changed; a second call changes nothing. Raises NameTaken if
    another live one has the name.
    """
    lock_workspace(session, workspace_id)
    renamed = (
        update(kind)
        .where(
            kind.id == row_id,
            kind.workspace_id == workspace_id,
            kind.deleted_at.is_(None),
            kind.name != name,
        )
        .values(name=name)
    )
    try:
        # In a savepoint, so that the caller's transaction can continue after a refusal.
        with session.begin_nested():
            if not execute_update(session, renamed):
                return False
    except IntegrityError as error:
        raise NameTaken from error
    # Without the names: an account can be named after a person, and audit events are never erased.
    record(
        session,
        workspace_id=workspace_id,
        user_id=by,
        at=now,
        action=f"{kind.__tablename__}.renamed",
        subject=f"{kind.__tablename__}:{row_id}",
    )
    return True
