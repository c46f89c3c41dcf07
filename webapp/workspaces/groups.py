"""The groups of an account: made, renamed, and deleted when they are empty. Admin stays as it is.

What a group may do is in `webapp/workspaces/rights.py`. Each function that changes one runs in the caller's
write transaction and raises NotChanged.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.characters import name_key
from webapp.models import ADMIN, GroupMembership, UserGroup
from webapp.models.audit_event import Action, record
from webapp.workspaces.acting import NotChanged, Why, begin, members

# A page shows them all.
MOST_GROUPS = 50


def groups_of(session: Session, workspace_id: int) -> list[tuple[UserGroup, int]]:
    """The account's groups, Admin first and then by name, each with the number of its users in any state."""
    query = (
        select(UserGroup, func.count(GroupMembership.user_id))
        .outerjoin(GroupMembership, GroupMembership.group_id == UserGroup.id)
        .where(UserGroup.workspace_id == workspace_id)
        .group_by(UserGroup.id)
    )
    found = [(group, number) for group, number in session.execute(query)]
    return sorted(found, key=lambda row: (row[0].name != ADMIN, name_key(row[0].name), row[0].id))


def find_group(session: Session, workspace_id: int, group_id: int) -> UserGroup | None:
    """The account's group with this id."""
    here = UserGroup.id == group_id, UserGroup.workspace_id == workspace_id
    return session.scalar(select(UserGroup).where(*here))


def create_group(session: Session, name: str, *, workspace_id: int, by: int | None, now: datetime) -> int:
    """Make a group without rights; returns its id."""
    begin(session, workspace_id, by)
    names = _names(session, workspace_id)
    if name_key(name) in names:
        raise NotChanged(Why.NAME_TAKEN)
    if len(names) >= MOST_GROUPS:
        raise NotChanged(Why.TOO_MANY_GROUPS)
    group = UserGroup(workspace_id=workspace_id, name=name)
    session.add(group)
    session.flush()
    _note(session, Action.GROUP_CREATED, group, by=by, now=now)
    return group.id


def rename_group(
    session: Session, group_id: int, name: str, *, workspace_id: int, by: int | None, now: datetime
) -> bool:
    """Rename a group, which keeps its users and rights; whether the name has changed."""
    begin(session, workspace_id, by)
    group = _changeable(session, workspace_id, group_id)
    if _names(session, workspace_id).get(name_key(name), group_id) != group_id:
        raise NotChanged(Why.NAME_TAKEN)
    if group.name == name:
        return False
    group.name = name
    session.flush()
    _note(session, Action.GROUP_RENAMED, group, by=by, now=now)
    return True


def delete_group(
    session: Session, group_id: int, *, workspace_id: int, by: int | None, now: datetime
) -> None:
    """Delete a group in which no user is, with its rights. Invited and disabled users count, too: they would
    lose it without a word."""
    begin(session, workspace_id, by)
    group = _changeable(session, workspace_id, group_id)
    if members(session, group_id):
        raise NotChanged(Why.GROUP_IN_USE)
    _note(session, Action.GROUP_DELETED, group, by=by, now=now)
    session.delete(group)
    session.flush()


def _changeable(session: Session, workspace_id: int, group_id: int) -> UserGroup:
    group = find_group(session, workspace_id, group_id)
    if group is None:
        raise NotChanged(Why.NO_SUCH_GROUP)
    if group.name == ADMIN:
        raise NotChanged(Why.ADMIN_STAYS)
    return group


def _names(session: Session, workspace_id: int) -> dict[str, int]:
    """The keys of the account's names of groups, with their ids: "admin" is taken, however it is written."""
    query = select(UserGroup.name, UserGroup.id).where(UserGroup.workspace_id == workspace_id)
    return {name_key(name): group_id for name, group_id in session.execute(query)}


def _note(session: Session, action: Action, group: UserGroup, *, by: int | None, now: datetime) -> None:
    record(
        session,
        workspace_id=group.workspace_id,
        user_id=by,
        at=now,
        action=Action(action),
        subject=f"user_group:{group.id}",
    )
