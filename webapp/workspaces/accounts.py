"""Making an account, and the first Admin of it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.database import take_turn
from webapp.models import ADMIN, OneTimeLink, User, UserGroup, Workspace
from webapp.models.audit_event import Action
from webapp.workspaces.acting import begin, note
from webapp.workspaces.invitations import invite, invite_again


def lock_accounts(session: Session) -> None:
    """Let no other transaction make an account until this one, which writes, has ended. What is decided on
    the accounts that there are is read after it."""
    take_turn(session, "accounts")


def ensure_account(session: Session, name: str) -> tuple[int, bool]:
    """The id of the first account with this name, and whether it was made just now; in the caller's write
    transaction. Of two transactions at once, one makes it and the other finds it."""
    lock_accounts(session)
    found = session.scalar(select(Workspace.id).where(Workspace.name == name).order_by(Workspace.id).limit(1))
    if found is not None:
        return found, False
    account = Workspace(name=name)
    session.add(account)
    session.flush()
    return account.id, True


def add_admin(
    session: Session, email: str, name: str, *, workspace_id: int, by_mail: bool, now: datetime
) -> OneTimeLink | None:
    """Make the person with this normalized address an Admin, in the caller's write transaction.

    Returns the link by which they join; None if they are a user of the account, who is an active Admin from
    now on. Done twice, only the later link works.
    """
    begin(session, workspace_id, None)
    admins = _admins(session, workspace_id)
    user = session.scalar(select(User).where(User.workspace_id == workspace_id, User.email == email))
    if user is None:
        return invite(
            session, email, name, [admins.id], workspace_id=workspace_id, by=None, by_mail=by_mail, now=now
        )
    if admins not in user.groups:
        user.groups.append(admins)
        note(session, Action.GROUP_JOINED, user, by=None, now=now, group=admins.id)
    if user.accepted_at is None:
        return invite_again(session, user.id, workspace_id=workspace_id, by=None, by_mail=by_mail, now=now)
    if not user.is_active:
        user.is_active = True
        note(session, Action.USER_ENABLED, user, by=None, now=now)
    session.flush()
    return None


def _admins(session: Session, workspace_id: int) -> UserGroup:
    here = UserGroup.workspace_id == workspace_id, UserGroup.name == ADMIN
    group = session.scalar(select(UserGroup).where(*here))
    if group is None:
        group = UserGroup(workspace_id=workspace_id, name=ADMIN)
        session.add(group)
        session.flush()
    return group
