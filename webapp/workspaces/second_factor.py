"""Removing a colleague's second factor, which they have lost."""

from datetime import datetime

from sqlalchemy.orm import Session

from webapp.models.audit_event import Action
from webapp.people.second_factor import remove_second_factor as remove
from webapp.people.security_mail import By, tell_person
from webapp.workspaces.acting import NotChanged, Why, begin, note, user_here
from webapp.workspaces.membership import is_elsewhere


def remove_second_factor(
    session: Session, user_id: int, *, workspace_id: int, by: int | None, now: datetime
) -> bool:
    """Let the person sign in without a second factor; whether they had one. In the caller's write
    transaction.

    Not of a person who works in another account, too: an Admin of this one could open the other. Not of
    oneself: a session that someone has taken over must not do it without the password. Raises NotChanged.
    """
    begin(session, workspace_id, by)
    user = user_here(session, workspace_id, user_id)
    if user.id == by:
        raise NotChanged(Why.ONESELF)
    if user.accepted_at is None or user.person is None:
        raise NotChanged(Why.NO_SUCH_USER)
    if by is not None and is_elsewhere(session, user):
        raise NotChanged(Why.NOT_OURS_ALONE)
    if not remove(session, user.person):
        return False
    note(session, Action.SECOND_FACTOR_REMOVED, user, by=by, now=now)
    who = By.ADMIN if by else By.OPERATOR
    tell_person(session, user.person.id, Action.SECOND_FACTOR_REMOVED, now, by=who)
    session.flush()
    return True
