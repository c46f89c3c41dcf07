"""Which groups may do what. Admins may do everything, and only they can restore contacts (article)."""

from collections.abc import Mapping, Set
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from webapp.database import execute_update, lock_workspace
from webapp.models import ADMIN, GroupRight, Right, UserGroup
from webapp.models.audit_event import Action, record

Rights = Mapping[int, Set[Right]]


def groups_with_rights(session: Session, workspace_id: int) -> list[tuple[UserGroup, set[Right]]]:
    """The workspace's groups except Admin, by name, each with its rights; one of a later release is left
    out."""
    groups = session.scalars(
        select(UserGroup)
        .where(UserGroup.workspace_id == workspace_id, UserGroup.name != ADMIN)
        .order_by(UserGroup.name, UserGroup.id)
    ).all()
    given = session.execute(
        select(GroupRight.group_id, GroupRight.right)
        .join(UserGroup, UserGroup.id == GroupRight.group_id)
        .where(UserGroup.workspace_id == workspace_id)
    ).all()
    known = set(Right)
    return [
        (group, {Right(right) for group_id, right in given if group_id == group.id and right in known})
        for group in groups
    ]


def give_rights(session: Session, wanted: Rights, *, workspace_id: int, by: int, now: datetime) -> bool:
    """Give each group exactly the rights in `wanted`, in the caller's write transaction.

    A group that is not in `wanted` keeps its own; a group of another workspace, and Admin, are ignored.
    Returns whether anything has changed.
    """
    lock_workspace(session, workspace_id)
    changed = False
    for group, rights in groups_with_rights(session, workspace_id):
        new = set(wanted.get(group.id, rights))
        if new == rights:
            continue
        changed = True
        if rights - new:
            taken = GroupRight.right.in_([str(right) for right in rights - new])
            execute_update(session, delete(GroupRight).where(GroupRight.group_id == group.id, taken))
        if new - rights:
            rows = [{"group_id": group.id, "right": str(right)} for right in sorted(new - rights)]
            session.execute(insert(GroupRight), rows)
        record(
            session,
            workspace_id=workspace_id,
            user_id=by,
            at=now,
            action=Action.RIGHTS_CHANGED,
            subject=f"user_group:{group.id}",
            given=sorted(new - rights),
            taken=sorted(rights - new),
        )
    session.flush()
    return changed
