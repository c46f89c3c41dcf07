"""Changing a user of the account: name and groups, disabling and enabling, and the second factor."""

from collections.abc import Callable
from typing import Any

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

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
from webapp.workspaces.acting import NotChanged, Why
from webapp.workspaces.membership import change_user, disable, enable
from webapp.workspaces.second_factor import remove_second_factor


def change(user_id: int) -> ResponseReturnValue:
    """Give the user the name and the groups of the form. What is refused is shown again, with the input."""
    user_or_404(user_id)
    form = UserForm()
    if not form.validate():
        return user_page(user_id, form, status=422)
    try:
        changed = as_admin(change_user, user_id, name=form.name.data, groups=form.group_ids)
    except NotChanged as refusal:
        if refusal.why is Why.NOT_ALLOWED:
            return refuse(refusal)
        status = 422 if refusal.why is Why.NO_SUCH_GROUP else 409
        return user_page(user_id, form, refused=why_not(refusal.why), status=status)
    return leave(user_id, "Saved." if changed else "")


def ask_disable(user_id: int) -> ResponseReturnValue:
    """The dialog that says what disabling does."""
    return _ask_disable(user_or_404(user_id))


def disable_user(user_id: int) -> ResponseReturnValue:
    """Disable the user. A second identical request does nothing more."""
    return _carry_out(disable, user_id, "The user was disabled.", _ask_disable)


def enable_user(user_id: int) -> ResponseReturnValue:
    """Enable the user. A second identical request does nothing more."""
    return _carry_out(enable, user_id, "The user was enabled.")


def ask_second_factor(user_id: int) -> ResponseReturnValue:
    """The dialog before the second factor is removed."""
    return _ask_second_factor(user_or_404(user_id))


def reset_second_factor(user_id: int) -> ResponseReturnValue:
    """Remove the second factor of a colleague who has lost it."""
    return _carry_out(remove_second_factor, user_id, "The second factor was removed.", _ask_second_factor)


def as_admin(act: Callable[..., Any], *about: object, **values: object) -> Any:
    """What `act` returns: a function of the domain that the signed-in Admin calls, in a write transaction.
    Raises NotChanged."""
    session, by, workspace_id = db.session(), current_user.id, current_user.workspace_id
    with write_transaction(session):
        return act(session, *about, **values, workspace_id=workspace_id, by=by, now=read_clock(session))


def refuse(refusal: NotChanged, user_id: int | None = None) -> Response:
    """The answer to what was refused, where no dialog or form can show it."""
    back = (url_for("user", user_id=user_id), "Open the user") if user_id else None
    return error(403 if refusal.why is Why.NOT_ALLOWED else 409, why_not(refusal.why), back=back)


def leave(user_id: int, done: str) -> ResponseReturnValue:
    """Go to the user's page, which says what was done; an empty text stands for nothing."""
    flash(done or "Nothing was changed.", "success" if done else "info")
    return leave_for(url_for("user", user_id=user_id))


def _carry_out(
    act: Callable[..., bool], user_id: int, done: str, ask_again: Callable[..., Response] | None = None
) -> ResponseReturnValue:
    """Do it, or show in the dialog why not."""
    user_or_404(user_id)
    try:
        changed = as_admin(act, user_id)
    except NotChanged as refusal:
        if refusal.why is Why.NOT_ALLOWED or ask_again is None:
            return refuse(refusal, user_id)
        return ask_again(user_or_404(user_id), why_not(refusal.why))
    return leave(user_id, done if changed else "")


def ask_about(user: User, title: str, lines: list[str], *, does: str, button: str, refused: str) -> Response:
    """The dialog before something is done to the user, by the POST to the endpoint `does`; `refused` says why
    it was not."""
    return ask(
        Question(
            title=title,
            lines=lines,
            action=url_for(does, user_id=user.id),
            button=button,
            back=url_for("user", user_id=user.id),
            here="users",
            is_dangerous=True,
            refused=refused,
        )
    )


def _ask_disable(user: User, refused: str = "") -> Response:
    title = f"Disable {isolated(user.name)}?"
    return ask_about(user, title, DISABLING, does="disable_user", button="Disable", refused=refused)


def _ask_second_factor(user: User, refused: str = "") -> Response:
    title, lines = f"Remove the second factor of {isolated(user.name)}?", REMOVING_SECOND_FACTOR
    return ask_about(user, title, lines, does="reset_second_factor", button="Remove", refused=refused)
