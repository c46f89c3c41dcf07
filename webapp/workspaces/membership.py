"""Changing the users of an account: their names and groups, disabling and enabling them.

Each function runs in the caller's write transaction, behind the lock of the account, raises NotChanged where
the rules forbid it, and changes nothing when it is called a second time.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import ADMIN, User, UserGroup
from webapp.models.audit_event import Action, SessionsEnded
from webapp.people.sessions import end_all_of_user
from webapp.workspaces.acting import NotChanged, Why, begin, check_admin_may_go, note, user_here


def change_user(
    session: Session,
    user_id: int,
    *,
    name: str,
    groups: Collection[int],
    workspace_id: int,
    by: int | None,
    now: datetime,
) -> bool:
    """Give the user this name and exactly these groups; whether anything has changed. It takes effect at
    their next request and ends no session."""
    begin(session, workspace_id, by)
    user = user_here(session, workspace_id, user_id)
    wanted = groups_here(session, workspace_id, groups)
    joined = [group for group in wanted if group not in user.groups]
    left = [group for group in user.groups if group not in wanted]
    if any(group.name == ADMIN for group in left) and user.is_active:
        check_admin_may_go(session, user, by)
    renamed = user.name != name
    if renamed:
        user.name = name
        note(session, Action.USER_RENAMED, user, by=by, now=now)
    user.groups = wanted
    for group in joined:
        note(session, Action.GROUP_JOINED, user, by=by, now=now, group=group.id)
    for group in left:
        note(session, Action.GROUP_LEFT, user, by=by, now=now, group=group.id)
    session.flush()
    return bool(renamed or joined or left)


def disable(session: Session, user_id: int, *, workspace_id: int, by: int | None, now: datetime) -> bool:
    """Let the user do nothing any more; whether they could before. Their sessions in this account end; those
    of the person in other accounts go on. Their running jobs stop, because their requester lost the right."""
    begin(session, workspace_id, by)
    user = user_here(session, workspace_id, user_id)
    if user.accepted_at is None:
        # An invitation is withdrawn.
        raise NotChanged(Why.NO_SUCH_USER)
    if not user.is_active:
        return False
    check_admin_may_go(session, user, by)
    user.is_active = False
    note(session, Action.USER_DISABLED, user, by=by, now=now)
    session.flush()
    if ended := end_all_of_user(session, user.id):
        why = SessionsEnded.USER_DISABLED
        note(session, Action.SESSIONS_ENDED, user, by=by, now=now, sessions=ended, why=why)
    return True


def enable(session: Session, user_id: int, *, workspace_id: int, by: int | None, now: datetime) -> bool:
    """Let a disabled user in again, with the groups that they had; whether they were disabled."""
    begin(session, workspace_id, by)
    user = user_here(session, workspace_id, user_id)
    if user.accepted_at is None:
        # Only the person can accept an invitation.
        raise NotChanged(Why.NO_SUCH_USER)
    if user.is_active:
        return False
    user.is_active = True
    note(session, Action.USER_ENABLED, user, by=by, now=now)
    session.flush()
    return True


def groups_here(session: Session, workspace_id: int, ids: Collection[int]) -> list[UserGroup]:
    """The account's groups with these ids, by name. Raises NotChanged if one is not there."""
    query = select(UserGroup).where(UserGroup.workspace_id == workspace_id, UserGroup.id.in_(ids))
    found = list(session.scalars(query.order_by(UserGroup.name)))
    if len(found) != len(set(ids)):
        raise NotChanged(Why.NO_SUCH_GROUP)
    return found


def is_elsewhere(session: Session, user: User) -> bool:
    """Whether the person has accepted the invitation of another account, too."""
    if user.person_id is None:
        return False
    other = select(User.id).where(
        User.person_id == user.person_id,
        User.workspace_id != user.workspace_id,
        User.accepted_at.is_not(None),
    )
    return session.scalar(other.limit(1)) is not None
