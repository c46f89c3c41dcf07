"""Inviting a person to an account.

*Invite.*   A user is added who is not active, and a link that works once is made for the person, for 7 days.
*Accept.*   The person opens the link: a new one chooses a name and a password, a known one signs in. Until
then
            the account learns nothing of the person, not even whether they are known; nor do others learn of
            it.
*Withdraw.* The user is removed, and with them the link.

Each function runs in the caller's write transaction, behind the lock of the account.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from webapp.database import execute_update, lock_workspace
from webapp.models import OneTimeLink, Person, User
from webapp.models.audit_event import Action
from webapp.models.person import Purpose
from webapp.people.links import LinkState, find_link, make_link, state_of, use_link
from webapp.people.passwords import store_password
from webapp.people.tokens import LinkName
from webapp.people.users import add_invited_user
from webapp.workspaces.acting import NotChanged, Why, begin, note, user_here
from webapp.workspaces.membership import groups_here


def invite(
    session: Session,
    email: str,
    name: str,
    groups: Collection[int],
    *,
    workspace_id: int,
    by: int | None,
    by_mail: bool,
    now: datetime,
) -> OneTimeLink:
    """Invite the person with this normalized address, known or not; returns the link. With `by_mail` the
    worker sends it: ring for the mail after the commit. Raises NotChanged."""
    begin(session, workspace_id, by)
    wanted = groups_here(session, workspace_id, groups)
    known = session.scalar(select(User).where(User.workspace_id == workspace_id, User.email == email))
    if known is not None:
        why = Why.ALREADY_USER if known.accepted_at else Why.ALREADY_INVITED
        raise NotChanged(why, known.id)
    user = add_invited_user(session, workspace_id, email, name, wanted, now)
    note(session, Action.USER_INVITED, user, by=by, now=now)
    for group in wanted:
        note(session, Action.GROUP_JOINED, user, by=by, now=now, group=group.id)
    return _link(session, user, now, by_mail=by_mail)


def invite_again(
    session: Session, user_id: int, *, workspace_id: int, by: int | None, by_mail: bool, now: datetime
) -> OneTimeLink:
    """Make a new link for an invited user; the earlier one works no more. Raises NotChanged."""
    begin(session, workspace_id, by)
    user = _invited(session, workspace_id, user_id)
    note(session, Action.USER_INVITED, user, by=by, now=now)
    return _link(session, user, now, by_mail=by_mail)


def withdraw(session: Session, user_id: int, *, workspace_id: int, by: int | None, now: datetime) -> None:
    """Remove an invited user, with their link. The address is forgotten, too, unless the person has a
    password or another account has invited them. Raises NotChanged."""
    begin(session, workspace_id, by)
    user = _invited(session, workspace_id, user_id)
    note(session, Action.INVITATION_WITHDRAWN, user, by=by, now=now)
    person_id = user.person_id
    user.groups = []
    session.flush()
    session.delete(user)
    session.flush()
    # Locked first: another account that invites the person at the same time finds them either there or gone.
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    unknown = Person.password_hash.is_(None), ~exists().where(User.person_id == Person.id)
    execute_update(session, delete(Person).where(Person.id == person_id, *unknown))


@dataclass(frozen=True)
class Invitation:
    """What a link is about."""

    link: OneTimeLink
    user: User
    person: Person
    state: LinkState


def find_invitation(session: Session, name: LinkName, now: datetime) -> Invitation | None:
    """The invitation of a link, which changes nothing; None if there is none, or no longer."""
    link = find_link(session, name, Purpose.INVITATION)
    user = session.get(User, link.user_id) if link and link.user_id else None
    if link is None or user is None or user.person is None:
        return None
    return Invitation(link, user, user.person, state_of(link, now))


class NotAccepted(Exception):
    """Nothing was changed. `state` is that of the link; None if there is no such invitation any more; OPEN if
    it is for another person than the one who is signed in, or one who has to sign in first."""

    def __init__(self, state: LinkState | None) -> None:
        super().__init__(state)
        self.state = state


def accept(
    session: Session,
    name: LinkName,
    now: datetime,
    *,
    person_id: int | None = None,
    own_name: str = "",
    password_hash: str | None = None,
) -> User:
    """Accept an invitation: the user is active from now on. Raises NotAccepted.

    :param person_id: who is signed in. A person who has a password accepts only so
    :param own_name: of a new person: the name by which they want to be known here, and what they chose as
    :param password_hash: their password
    """
    invitation = find_invitation(session, name, now)
    if invitation is None:
        raise NotAccepted(None)
    # As withdrawing it does, so that one of the two comes first. Then all is read again.
    lock_workspace(session, invitation.user.workspace_id)
    session.expire_all()
    invitation = find_invitation(session, name, now)
    if invitation is None or invitation.state is not LinkState.OPEN:
        raise NotAccepted(invitation.state if invitation else None)
    user, person = invitation.user, invitation.person
    # The row of the person is locked: an invitation of another account may be accepted at the same time.
    session.refresh(person, with_for_update={"key_share": True})
    is_new = person.password_hash is None
    if (password_hash is None or not own_name) if is_new else person.id != person_id:
        raise NotAccepted(LinkState.OPEN)
    if use_link(session, name, Purpose.INVITATION, now) is None:
        raise NotAccepted(LinkState.USED)
    user.is_active, user.accepted_at = True, now
    if is_new and password_hash:
        user.name = own_name
        store_password(session, person, password_hash, now)
        note(session, Action.PASSWORD_CHANGED, user, by=user.id, now=now, how="invitation")
    note(session, Action.USER_JOINED, user, by=user.id, now=now)
    session.flush()
    return user


def latest_link(session: Session, user_id: int) -> OneTimeLink | None:
    """The latest link of an invited user, whatever its state."""
    of_user = OneTimeLink.user_id == user_id, OneTimeLink.purpose == Purpose.INVITATION
    return session.scalar(select(OneTimeLink).where(*of_user).order_by(OneTimeLink.id.desc()).limit(1))


def _invited(session: Session, workspace_id: int, user_id: int) -> User:
    user = user_here(session, workspace_id, user_id)
    if user.accepted_at is not None:
        raise NotChanged(Why.NO_SUCH_USER)
    return user


def _link(session: Session, user: User, now: datetime, *, by_mail: bool) -> OneTimeLink:
    assert user.person
    return make_link(session, user.person, Purpose.INVITATION, now, user=user, by_mail=by_mail)
