"""Inviting to the account: the dialog, sending it again, withdrawing it. `views/joining.py` is what the
invited person sees."""

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.extensions import db
from webapp.forms.users import InvitationForm
from webapp.models import ADMIN, User
from webapp.views.user_edits import as_admin, ask_about, leave, refuse
from webapp.views.users import user_or_404
from webapp.web.dialogs import leave_for, show_dialog
from webapp.web.errors import error, with_retry_after
from webapp.web.throttle import Budget, TooMany, take
from webapp.words.isolation import isolated
from webapp.words.passwords import too_many
from webapp.words.users import WITHDRAWING, why_not
from webapp.worker.services import services
from webapp.workspaces import invitations
from webapp.workspaces.acting import NotChanged, Why
from webapp.workspaces.groups import groups_of

# Each can be a message to an address that did not ask for it.
INVITED = Budget("invited", 60, 3600)


def ask_invite() -> ResponseReturnValue:
    """The dialog for a new user."""
    return _ask(InvitationForm(formdata=None))


def invite() -> ResponseReturnValue:
    """Invite, and show the user's page. The answer is the same whether or not the address is known to another
    account. What is refused is shown again, with the input."""
    form = InvitationForm()
    if not form.validate():
        return _ask(form, status=422)
    by_mail = services().mail.sends_links
    try:
        take((INVITED, f"user {current_user.id}"))
        link = as_admin(
            invitations.invite,
            form.address,
            form.name.data,
            groups=form.group_ids,
            by_mail=by_mail,
        )
    except TooMany as limit:
        form.email.errors = [too_many(limit.retry_after)]
        return with_retry_after(_ask(form, status=429), limit.retry_after)
    except NotChanged as refusal:
        if refusal.why is Why.NOT_ALLOWED:
            return refuse(refusal)
        if refusal.user_id:
            form.email.errors = [why_not(refusal.why)]
        else:
            form.group_error = why_not(refusal.why)
        return _ask(form, other_id=refusal.user_id, status=422)
    return _sent(link.user_id, by_mail)


def invite_again(user_id: int) -> ResponseReturnValue:
    """Make a new link, which replaces the earlier one."""
    user_or_404(user_id)
    by_mail = services().mail.sends_links
    try:
        take((INVITED, f"user {current_user.id}"))
        as_admin(invitations.invite_again, user_id, by_mail=by_mail)
    except TooMany as limit:
        return with_retry_after(error(429, too_many(limit.retry_after)), limit.retry_after)
    except NotChanged as refusal:
        return refuse(refusal, user_id)
    return _sent(user_id, by_mail)


def ask_withdraw(user_id: int) -> ResponseReturnValue:
    """The dialog before an invitation is withdrawn."""
    return _ask_withdraw(user_or_404(user_id))


def withdraw(user_id: int) -> ResponseReturnValue:
    """Remove the invited user, and show the others."""
    user_or_404(user_id)
    try:
        as_admin(invitations.withdraw, user_id)
    except NotChanged as refusal:
        if refusal.why is Why.NOT_ALLOWED:
            return refuse(refusal)
        return _ask_withdraw(user_or_404(user_id), why_not(refusal.why))
    flash("The invitation was withdrawn.", "success")
    return leave_for(url_for("users"))


def _sent(user_id: int, by_mail: bool) -> ResponseReturnValue:
    if by_mail:
        services().doorbell.ring_for_mail()
        return leave(user_id, "The invitation is sent.")
    return leave(user_id, "The invitation is ready. Give its link, below, to the person.")


def _ask(form: InvitationForm, *, other_id: int | None = None, status: int = 200) -> Response:
    """The dialog. `other_id` is the user who has the address."""
    groups = [group for group, _ in groups_of(db.session(), current_user.workspace_id)]
    return show_dialog(
        "users/_invite.html",
        here="users",
        status=status,
        title="Invite a user",
        form=form,
        boxes=form.offer(groups, set()),
        admin=ADMIN,
        other_id=other_id,
        back=url_for("users"),
    )


def _ask_withdraw(user: User, refused: str = "") -> Response:
    title = f"Withdraw the invitation of {isolated(user.name)}?"
    return ask_about(user, title, WITHDRAWING, does="withdraw_invitation", button="Withdraw", refused=refused)
