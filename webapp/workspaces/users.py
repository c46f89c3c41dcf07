"""The users of an account as pages and commands show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from webapp.characters import name_key
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.models import GroupMembership, User
from webapp.models.base import filter_only

BY_NAME = Keyset(User.name, User.id, descending=False)
# An account has a few dozen users. So many are looked through for a name or an address.
LOOKED_THROUGH = 5000


class UserState(StrEnum):
    ACTIVE = "active"
    # Has not accepted yet.
    INVITED = "invited"
    DISABLED = "disabled"


IN_STATE: dict[UserState, ColumnElement[bool]] = {
    UserState.ACTIVE: User.is_active == true(),
    UserState.INVITED: and_(~User.is_active, User.accepted_at.is_(None)),
    UserState.DISABLED: and_(~User.is_active, User.accepted_at.is_not(None)),
}


def state_of(user: User) -> UserState:
    """What the user is."""
    if user.is_active:
        return UserState.ACTIVE
    return UserState.DISABLED if user.accepted_at else UserState.INVITED


@dataclass(frozen=True)
class Wanted:
    """Which users of the account: those whose name or address contains `q`, in one state, in one group."""

    workspace_id: int
    q: str = ""
    state: UserState | None = None
    group_id: int | None = None


def read_page(
    session: Session, wanted: Wanted, *, size: int, after: Place | None = None, before: Place | None = None
) -> Page:
    """One page of the users, by name, each with the groups."""
    here = User.workspace_id == wanted.workspace_id
    rows = select(User).where(filter_only(here)).options(selectinload(User.groups), joinedload(User.person))
    ids = BY_NAME.ids(_matching(session, wanted))
    return BY_NAME.read(session, rows, ids, size=size, after=after, before=before)


def find_user(session: Session, workspace_id: int, user_id: int) -> User | None:
    """The account's user with this id."""
    return session.scalar(select(User).where(User.id == user_id, User.workspace_id == workspace_id))


def users_with(session: Session, email: str, workspace_id: int | None = None) -> Sequence[User]:
    """The users with this normalized address, in one account or in all, for the operator."""
    query = select(User).where(User.email == email).order_by(User.workspace_id)
    if workspace_id is not None:
        query = query.where(User.workspace_id == workspace_id)
    return session.scalars(query).all() if email.isprintable() else []


def _matching(session: Session, wanted: Wanted) -> Select[int]:
    query = select(User.id).where(User.workspace_id == wanted.workspace_id)
    if wanted.state:
        query = query.where(IN_STATE[wanted.state])
    if wanted.group_id:
        in_group = select(GroupMembership.user_id).where(GroupMembership.group_id == wanted.group_id)
        query = query.where(User.id.in_(in_group))
    if key := name_key(wanted.q):
        columns = query.with_only_columns(User.id, User.name, User.email).limit(LOOKED_THROUGH)
        found = [row.id for row in session.execute(columns) if key in name_key(f"{row.name} {row.email}")]
        query = query.where(User.id.in_(found))
    return query
