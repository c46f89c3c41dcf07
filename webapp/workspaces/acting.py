"""Who changes the users and groups of an account, and what no one may do to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.database import lock_workspace
from webapp.models import ADMIN, GroupMembership, User, UserGroup
from webapp.models.audit_event import Action, record


class Why(StrEnum):
    """Why users or groups were not changed."""

    # Who asked is no active Admin any more.
    NOT_ALLOWED = "not_allowed"
    # An Admin would disable themselves, or leave the group Admin: another Admin can do that.
    ONESELF = "oneself"
    # The account would have no active Admin.
    LAST_ADMIN = "last_admin"
    # There is no such user in this account, or none in the state that the act needs.
    NO_SUCH_USER = "no_such_user"
    ALREADY_USER = "already_user"
    ALREADY_INVITED = "already_invited"
    NO_SUCH_GROUP = "no_such_group"
    NAME_TAKEN = "name_taken"
    TOO_MANY_GROUPS = "too_many_groups"
    GROUP_IN_USE = "group_in_use"
    # The group Admin stays as it is.
    ADMIN_STAYS = "admin_stays"
    # The person is also a user of another account, whose security is not this account's to weaken.
    NOT_OURS_ALONE = "not_ours_alone"


class NotChanged(Exception):
    """Nothing was changed. `user_id` is the user who was in the way, if any."""

    def __init__(self, why: Why, user_id: int | None = None) -> None:
        super().__init__(why)
        self.why, self.user_id = why, user_id


def begin(session: Session, workspace_id: int, by: int | None) -> None:
    """Lock the account's users, in the caller's write transaction, and check that `by` is still an active
    Admin of it: another Admin may have disabled them since their request began. None stands for the operator.

    Everything that changes users and groups begins with it. Raises NotChanged.
    """
    lock_workspace(session, workspace_id)
    if by is not None and by not in active_admins(session, workspace_id):
        raise NotChanged(Why.NOT_ALLOWED)


def active_admins(session: Session, workspace_id: int) -> set[int]:
    """The ids of the account's active Admins."""
    return set(
        session.scalars(
            select(User.id)
            .join(GroupMembership, GroupMembership.user_id == User.id)
            .join(UserGroup, UserGroup.id == GroupMembership.group_id)
            .where(
                User.workspace_id == workspace_id,
                User.is_active,
                UserGroup.workspace_id == workspace_id,
                UserGroup.name == ADMIN,
            )
        )
    )


def user_here(session: Session, workspace_id: int, user_id: int) -> User:
    """The account's user as they are now. Raises NotChanged."""
    here = select(User).where(User.id == user_id, User.workspace_id == workspace_id)
    user = session.scalar(here.execution_options(populate_existing=True))
    if user is None:
        raise NotChanged(Why.NO_SUCH_USER)
    return user


def check_admin_may_go(session: Session, user: User, by: int | None) -> None:
    """Check that the user may stop being an active Admin, if they are one. Raises NotChanged."""
    admins = active_admins(session, user.workspace_id)
    if user.id == by:
        raise NotChanged(Why.ONESELF)
    if user.id in admins and len(admins) == 1:
        raise NotChanged(Why.LAST_ADMIN)


def note(
    session: Session, action: Action, user: User, *, by: int | None, now: datetime, **detail: Any
) -> None:
    """Record what was done to the user."""
    record(
        session,
        workspace_id=user.workspace_id,
        user_id=by,
        at=now,
        action=Action(action),
        subject=f"app_user:{user.id}",
        **detail,
    )


def members(session: Session, group_id: int) -> int:
    """How many users are in the group, whatever their state."""
    return session.scalar(select(func.count()).where(GroupMembership.group_id == group_id)) or 0
