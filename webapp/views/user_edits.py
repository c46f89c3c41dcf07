"""Changing a user of the account: name and groups, disabling and enabling, and the second factor."""

from collections.abc import Callable
from datetime import datetime

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.users import UserForm
from webapp.models import User
from webapp.views.users import user_or_404, user_page
from webapp.web.dialogs import leave_for
from webapp.web.errors import error
from webapp.web.question import Question, ask
from webapp.words.isolation import isolated
from webapp.words.users import DISABLING, REMOVING_SECOND_FACTOR, why_not
from webapp.workspaces import membership
from webapp.workspaces.acting import NotChanged, Why
from webapp.workspaces.second_factor import remove_second_factor


def change(user_id: int) -> ResponseReturnValue:
    """Give the user the name and the groups of the form. What is refused is shown again, with the input."""
    user_or_404(user_id)
    form = UserForm()
    if not form.validate():
        return user_page(user_id, form, status=422)
    name, groups = form.name.data, form.group_ids
    try:
        changed = change_as_admin(
            lambda session, now: membership.change_user(
                session, user_id, name=name, groups=groups, **_by(), now=now
            )
        )
    except NotChanged as refusal:
        if refusal.why is Why.NOT_ALLOWED:
            return refuse(refusal)
        status = 422 if refusal.why is Why.NO_SUCH_GROUP else 409
        return user_page(user_id, form, refused=why_not(refusal.why), status=status)
    flash("Saved." if changed else "Nothing was changed.", "success" if changed else "info")
    return redirect(url_for("user", user_id=user_id), 303)


def ask_disable(user_id: int) -> ResponseReturnValue:
    """The dialog that says what disabling does."""
    return _ask_disable(user_or_404(user_id))


def disable(user_id: int) -> ResponseReturnValue:
    """Disable the user. A second identical request does nothing more."""
    user_or_404(user_id)
    try:
        changed = change_as_admin(
            lambda session, now: membership.disable(session, user_id, **_by(), now=now)
        )
    except NotChanged as refusal:
        if refusal.why is Why.NOT_ALLOWED:
            return refuse(refusal)
        return _ask_disable(user_or_404(user_id), why_not(refusal.why))
    return _leave(user_id, "The user was disabled." if changed else "Nothing was changed.")


def enable(user_id: int) -> ResponseReturnValue:
    """Enable the user. A second identical request does nothing more."""
    user_or_404(user_id)
    try:
        changed = change_as_admin(lambda session, now: membership.enable(session, user_id, **_by(), now=now))
    except NotChanged as refusal:
        return refuse(refusal, user_id)
    return _leave(user_id, "The user was enabled." if changed else "Nothing was changed.")


def ask_second_factor(user_id: int) -> ResponseReturnValue:
    """The dialog before the second factor is removed."""
    return _ask_second_factor(user_or_404(user_id))


def second_factor(user_id: int) -> ResponseReturnValue:
    """Remove the second factor of a colleague who has lost it."""
    user_or_404(user_id)
    try:
        changed = change_as_admin(
            lambda session, now: remove_second_factor(session, user_id, **_by(), now=now)
        )
    except NotChanged as refusal:
        if refusal.why is Why.NOT_ALLOWED:
            return refuse(refusal)
        return _ask_second_factor(user_or_404(user_id), why_not(refusal.why))
    return _leave(user_id, "The second factor was removed." if changed else "Nothing was changed.")


def change_as_admin[Result](act: Callable[[Session, datetime], Result]) -> Result:
    """Do what an Admin asks for, in a transaction. Raises NotChanged."""
    session = db.session()
    # Read before the transaction of the request ends.
    _ = current_user.id, current_user.workspace_id
    with write_transaction(session):
        return act(session, read_clock(session))


def refuse(refusal: NotChanged, user_id: int | None = None) -> Response:
    """The answer to what was refused, where the page has no place for it."""
    back = (url_for("user", user_id=user_id), "Open the user") if user_id else None
    return error(403 if refusal.why is Why.NOT_ALLOWED else 409, why_not(refusal.why), back=back)
