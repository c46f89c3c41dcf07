"""Choosing in which of their accounts a person works: after signing in, and later."""

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.database import write_transaction
from webapp.extensions import db
from webapp.models import SignIn, User
from webapp.numbers import whole_number
from webapp.people.find import active_users
from webapp.web.access import redirect_to_sign_in
from webapp.web.address import local_path
from webapp.web.sessions import choose_account as work_in
from webapp.web.sessions import current_sign_in


def choose() -> ResponseReturnValue:
    """The page with the person's accounts."""
    sign_in = _proved()
    return redirect_to_sign_in() if sign_in is None else _page(sign_in)


def switch() -> ResponseReturnValue:
    """Work in the chosen account: with a new key, and nothing carried over. An account that is not the
    person's is not told from one that does not exist."""
    sign_in = _proved()
    if sign_in is None:
        return redirect_to_sign_in()
    wanted, session = whole_number(request.form.get("user", "")), db.session()
    with write_transaction(session):
        mine = {user.id: user for user in active_users(session, sign_in.person_id)}
        if wanted in mine:
            work_in(mine[wanted])
    if wanted not in mine:
        return _page(sign_in, status=422)
    # A page of the account that was left is not one of the other.
    after = local_path(request.form.get("next")) if sign_in.user_id is None else None
    return redirect(after or url_for("overview"), 303)


def _proved() -> SignIn | None:
    """The session of a person whose second factor is proved, whether or not they have chosen."""
    sign_in = current_sign_in()
    return sign_in if sign_in and sign_in.proved_at else None


def _page(sign_in: SignIn, *, status: int = 200) -> Response:
    users: list[User] = active_users(db.session(), sign_in.person_id)
    page = render_template(
        "account_choice.html",
        users=users,
        present=current_user.id if current_user.is_authenticated else None,
        next=local_path(request.values.get("next")) or "",
        refused=status != 200,
    )
    return make_response(page, status)
