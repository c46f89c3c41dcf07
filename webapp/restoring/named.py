"""Who made the deletions that filters name, and when: looked up when the filters are put into words."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.database import id_table
from webapp.models import Deletion, User


class Deleted(NamedTuple):
    """One deletion: the user who made it, None for one who has left, and when."""

    user_id: int | None
    user: str | None
    at: datetime


def deletions_named(session: Session, workspace_id: int, numbers: Collection[int]) -> Mapping[int, Deleted]:
    """The workspace's deletions with these numbers, by number; those that do not exist are missing."""
    if not numbers:
        return {}
    wanted = id_table(session, sorted(numbers))
    found = session.execute(
        select(Deletion.number, Deletion.user_id, User.name, Deletion.created_at)
        .outerjoin(User, User.id == Deletion.user_id)
        .where(Deletion.workspace_id == workspace_id, Deletion.number.in_(select(wanted.c.value)))
    )
    return {number: Deleted(user_id, name, at) for number, user_id, name, at in found if number is not None}


def deleter_named(session: Session, workspace_id: int, user_id: int | None) -> dict[int, str]:
    """The name of the user by whose deletions is filtered, by their id; nothing for a filter without one."""
    if user_id is None:
        return {}
    name = session.scalar(select(User.name).where(User.id == user_id, User.workspace_id == workspace_id))
    return {user_id: name} if name is not None else {}
