"""Deleting a list, tag, account or deal: it is hidden, and all its rows stay.

So a deleted contact loses no row, and a report can say what was not restored. A new one with the same name is
another row without the old associations (docs/rules.md, rule 3).
"""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.database import execute_update, lock_workspace
from webapp.models import Account, Deal, MailingList, Tag
from webapp.models.audit_event import Action, record

Kind = type[MailingList] | type[Tag] | type[Account] | type[Deal]


def delete_from_catalogue(
    session: Session, kind: Kind, row_id: int, *, workspace_id: int, by: int | None, now: datetime
) -> bool:
    """Delete the workspace's list, tag, account or deal `row_id`, in the caller's write transaction.

    Returns whether it was live; a second call changes nothing.
    """
    lock_workspace(session, workspace_id)
    # A restore may bring back a deal that a deletion has deleted, and none that a person has.
    by_hand: dict[str, object] = {"deleted_by_deletion_id": None} if kind is Deal else {}
    hidden = execute_update(
        session,
        update(kind)
        .where(kind.id == row_id, kind.workspace_id == workspace_id, kind.deleted_at.is_(None))
        .values(deleted_at=now, **by_hand),
    )
    if hidden == 0:
        return False
    record(
        session,
        workspace_id=workspace_id,
        user_id=by,
        at=now,
        action=Action(f"{kind.__tablename__}.deleted"),
        subject=f"{kind.__tablename__}:{row_id}",
    )
    return True
