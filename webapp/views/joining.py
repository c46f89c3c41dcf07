"""Accepting an invitation, by the link in its message.

Opening the link changes nothing, because scanners follow links. Where no one is signed in the page is the
same whether or not the person is known: opening the link of a message tells nothing of them.
"""

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.joining import JoinForm
from webapp.gates import TooBusy
from webapp.passwords import FAMILIAR, hash_password
from webapp.people.links import LinkState
from webapp.people.password_rules import flaw_in
from webapp.web.device import remember_device
from webapp.web.entering import PASSWORD, record_entry
from webapp.web.errors import error, with_retry_after
from webapp.web.one_time import drop_token, keep_token, kept_name
from webapp.web.sessions import begin_session, choose_account, current_sign_in
from webapp.web.sign_in_limits import CHOSEN
from webapp.web.throttle import TooMany, network, take
from webapp.words.isolation import isolated
from webapp.words.passwords import BUSY, FLAWS, RULE, too_many
from webapp.words.users import LINK_STATES, NO_LINK, SIGN_IN_FIRST
from webapp.worker.one_time import link_address
from webapp.workspaces.invitations import Invitation, NotAccepted, accept, find_invitation

STATUS = {None: 404, LinkState.USED: 410, LinkState.OLD: 410}


def invitation() -> ResponseReturnValue:
    """The page of the invitation, at an address without the link's token."""
    if token := request.args.get("token"):
        keep_token(token)
        return redirect(url_for("invitation"), 303)
    found = _open_invitation()
    return (
        found if isinstance(found, Response) else _page(found, JoinForm(formdata=None, name=found.user.name))
    )


def accept_invitation() -> ResponseReturnValue:
    """Accept: a new person with their name and password, a known one who is signed in with the button."""
    found = _open_invitation()
    if isinstance(found, Response):
        return found
    form, person_id, password_hash = JoinForm(), _signed_in(), None
    if person_id is None:
        if refused := _refuse_password(found, form):
            return refused
        # Nothing is held while the hash waits for its turn and is computed.
        db.session().rollback()
        try:
            password_hash = hash_password(form.password.data, FAMILIAR)
        except TooBusy:
            form.password.errors = [BUSY]
            return with_retry_after(_page(found, form, status=503))
    return _accept(found, form, person_id, password_hash)


def _accept(
    found: Invitation, form: JoinForm, person_id: int | None, password_hash: str | None
) -> ResponseReturnValue:
    session, name = db.session(), kept_name()
    assert name
    try:
        with write_transaction(session):
            now = read_clock(session)
            user = accept(
                session,
                name,
                now,
                person_id=person_id,
                own_name=form.name.data or "",
                password_hash=password_hash,
            )
            if person_id is None:
                assert user.person
                begin_session(user.person, user=user, proved=True)
                record_entry(session, [user], now, PASSWORD)
            else:
                choose_account(user)
            account, joined_as = user.workspace.name, user.person_id
    except NotAccepted as refusal:
        if refusal.state is LinkState.OPEN:
            return _page(found, form, refused=person_id is None, status=409)
        return _refuse(refusal.state)
    flash(f"You work in the account “{isolated(account)}” now.", "success")
    response = make_response(redirect(url_for("overview"), 303))
    if joined_as is not None:
        remember_device(response, joined_as)
    return response


def _signed_in() -> int | None:
    """The person who is signed in, whether or not they have chosen an account."""
    sign_in = current_sign_in()
    return sign_in.person_id if sign_in and sign_in.proved_at else None


def _open_invitation() -> Invitation | Response:
    """The open invitation that the browser has come by, or why there is none."""
    name, session = kept_name(), db.session()
    found = find_invitation(session, name, read_clock(session)) if name else None
    if found is None or found.state is not LinkState.OPEN:
        return _refuse(found.state if found else None)
    return found


def _refuse(state: LinkState | None) -> Response:
    drop_token()
    return error(STATUS[state], f"{LINK_STATES[state]} Nothing was changed.", title=NO_LINK)


def _refuse_password(found: Invitation, form: JoinForm) -> Response | None:
    """The page with what is wrong with the name or the password; None if nothing is."""
    if not form.validate():
        return _page(found, form, status=422)
    try:
        take((CHOSEN, network()))
    except TooMany as refusal:
        form.password.errors = [too_many(refusal.retry_after)]
        return with_retry_after(_page(found, form, status=429), refusal.retry_after)
    names = [found.user.email, form.name.data, found.user.workspace.name]
    flaw = flaw_in(form.password.data, names)
    if flaw is None:
        return None
    form.password.errors = [FLAWS[flaw]]
    return _page(found, form, status=422)


def _page(found: Invitation, form: JoinForm, *, refused: bool = False, status: int = 200) -> Response:
    who, link = _signed_in(), found.link
    page = render_template(
        "joining.html",
        account=found.user.workspace.name,
        email=found.user.email,
        form=form,
        is_known=who == found.person.id,
        is_another=who is not None and who != found.person.id,
        # Signing in carries nothing over, so the way back has the token.
        sign_in_href=url_for("sign_in", next=link_address("", link.purpose, link.id, link.nonce)),
        refused=SIGN_IN_FIRST if refused else "",
        rule=RULE,
    )
    return make_response(page, status)
