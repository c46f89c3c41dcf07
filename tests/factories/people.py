"""Workspaces and their users."""

import itertools
import os
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.models import ADMIN, User, UserGroup, Workspace
from webapp.people.passwords import store_password
from webapp.people.users import add_user

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
    now = read_clock(session)
    user = add_user(session, workspace.id, f"user{number()}@example.com", name, groups, now)
    assert user.person
    store_password(session, user.person, _password_hash(), now)
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
