"""Workspaces and their users."""

import itertools
import os
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import ADMIN, GroupMembership, User, UserGroup, Workspace

PASSWORD = "restore-demo"

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

_numbers = itertools.count(1)


@cache
def _password_hash() -> str:
    """Hashed once for the run, and cheaply, because checking a password takes as long as hashing it."""
    return CHEAP.hash(PASSWORD)


# Makes letters of a number, so that no search for digits finds it.
CONSONANTS = str.maketrans("0123456789", "bdfghjkmpq")


def number() -> int:
    """A number that is unique in this run."""
    return os.getpid() * 1_000_000 + next(_numbers)


@dataclass(frozen=True)
class World:
    """A workspace with an admin and a member; the rows are detached."""

    workspace: Workspace
    admin: User
    member: User

    @property
    def id(self) -> int:
        return self.workspace.id


def new_user(session: Session, workspace: Workspace, name: str, *groups: UserGroup) -> User:
    user = User(
        workspace_id=workspace.id,
        email=f"user{number()}@example.com",
        name=name,
        password_hash=_password_hash(),
    )
    session.add(user)
    session.flush()
    for group in groups:
        session.add(GroupMembership(user_id=user.id, group_id=group.id))
    session.flush()
    return user


def new_admin(session: Session, workspace: Workspace, name: str = "Cleo Colleague") -> User:
    """Another admin of the workspace."""
    admins = session.scalars(select(UserGroup).filter_by(workspace_id=workspace.id, name=ADMIN)).one()
    return new_user(session, workspace, name, admins)


def new_world(session: Session, *, timezone: str = "UTC", name: str = "Northwind") -> World:
    """A workspace with Ada Admin and Max Member, committed."""
    workspace = Workspace(name=name, timezone=timezone)
    session.add(workspace)
    session.flush()
    admins = UserGroup(workspace_id=workspace.id, name=ADMIN)
    sales = UserGroup(workspace_id=workspace.id, name="Sales")
    session.add_all([admins, sales])
    session.flush()
    admin = new_user(session, workspace, "Ada Admin", admins)
    member = new_user(session, workspace, "Max Member", sales)
    session.commit()
    for row in (workspace, admin, member):
        session.refresh(row)
        session.expunge(row)
    return World(workspace, admin, member)
