"""Accepting an invitation, by the link in its message.

Opening the link changes nothing, because scanners follow links. Where nobody is signed in the page is the
same whether or not the person is known: opening the link of a message tells nothing of them.
"""

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db, limiter
from webapp.forms.joining import JoinForm
from webapp.passwords import hash_password
from webapp.people.links import LinkState
from webapp.web.errors import error
from webapp.web.one_time import drop_token, keep_token, kept_name
from webapp.web.sessions import begin_session, choose_account, current_sign_in
from webapp.words.isolation import isolated
from webapp.words.users import LINK_STATES, SIGN_IN_FIRST
from webapp.worker.one_time import link_address
from webapp.workspaces.invitations import NotAccepted, accept, find_invitation

STATUS = {None: 404, LinkState.USED: 410, LinkState.OLD: 410, LinkState.OPEN: 409}


def invitation() -> ResponseReturnValue:
    """The page of the invitation, at an address without the link's token."""
    if token := request.args.get("token"):
        keep_token(token)
        return redirect(url_for("invitation"), 303)
    return _page(JoinForm(formdata=None))


# A password is hashed for each.
@limiter.limit("20 per minute")
def accept_invitation() -> ResponseReturnValue:
    """Accept: a new person with their name and password, a known one who is signed in with the button
    alone."""
    name, person_id = kept_name(), _signed_in()
    if name is None:
        return _refuse(None)
    form = JoinForm()
    if person_id is None and not form.validate():
        return _page(form, status=422)
    password_hash = hash_password(form.password.data) if person_id is None else None
    session = db.session()
    try:
        with write_transaction(session):
            user = accept(
                session,
                name,
                read_clock(session),
                person_id=person_id,
                own_name=form.name.data or "",
                password_hash=password_hash,
            )
            if person_id is None:
                assert user.person
                begin_session(user.person, user=user, proved=True)
            else:
                choose_account(user)
            account = user.workspace.name
    except NotAccepted as refusal:
        if refusal.state is LinkState.OPEN:
            return _page(form, refused=person_id is None, status=409)
        return _refuse(refusal.state)
    drop_token()
    flash(f"You work in the account “{isolated(account)}” now.", "success")
    return redirect(url_for("overview"), 303)


def _signed_in() -> int | None:
    """The person who is signed in, whether or not they have chosen an account."""
    sign_in = current_sign_in()
    return sign_in.person_id if sign_in and sign_in.proved_at else None


def _refuse(state: LinkState | None) -> Response:
    drop_token()
    return error(STATUS[state], f"{LINK_STATES[state]} Nothing was changed.")


def _page(form: JoinForm, *, refused: bool = False, status: int = 200) -> Response:
    name = kept_name()
    session = db.session()
    found = find_invitation(session, name, read_clock(session)) if name else None
    if found is None or found.state is not LinkState.OPEN:
        return _refuse(found.state if found else None)
    who = _signed_in()
    page = render_template(
        "joining.html",
        account=found.user.workspace.name,
        email=found.user.email,
        form=form,
        is_known=who == found.person.id,
        is_another=who is not None and who != found.person.id,
        # Signing in carries nothing over, so the way back has the token.
        sign_in_href=url_for(
            "sign_in", next=link_address("", found.link.purpose, found.link.id, found.link.nonce)
        ),
        refused=SIGN_IN_FIRST if refused else "",
    )
    response = make_response(page, status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
