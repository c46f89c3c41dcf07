"""Asking for a new password, and choosing it by the link in the message.

Asking answers alike and does the same for every address: the worker looks who has it. Opening the link
changes nothing, because scanners follow links; it works once, for an hour.
"""

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.clock import read_clock
from webapp.contacts.normal import normalize
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.passwords import ForgottenForm, ResetForm
from webapp.gates import TooBusy
from webapp.models import OneTimeLink, Person
from webapp.models.audit_event import Action, SessionsEnded
from webapp.models.person import Purpose
from webapp.passwords import FAMILIAR, hash_password
from webapp.people.find import active_users
from webapp.people.link_mail import ask_for_reset
from webapp.people.links import LinkState, state_of, use_link
from webapp.people.password_rules import flaw_in
from webapp.people.passwords import lock_person, names_of, replace_password
from webapp.people.second_factor import has_second_factor
from webapp.people.security_mail import By
from webapp.web.device import remember_device
from webapp.web.entering import accounts_of, record_here, tell_person_here
from webapp.web.errors import with_retry_after
from webapp.web.one_time import drop_token, keep_token, kept_link, kept_name
from webapp.web.sign_in_limits import ASKED_FOR, ASKED_FROM, CHOSEN
from webapp.web.throttle import TooMany, network, take
from webapp.words.passwords import BUSY, FLAWS, RULE, too_many
from webapp.worker.services import services


def forgotten() -> ResponseReturnValue:
    """The page that asks for the address."""
    return _forgotten_page(ForgottenForm())


def submit_forgotten() -> ResponseReturnValue:
    """Write down that the person with this address needs a new password, if there is one."""
    form, session = ForgottenForm(), db.session()
    if not services().mail.sends_links:
        return redirect(url_for("reset_asked"), 303)
    if not form.validate():
        return _forgotten_page(form, status=422)
    try:
        take((ASKED_FROM, network()))
    except TooMany as refusal:
        form.email.errors = [too_many(refusal.retry_after)]
        return with_retry_after(_forgotten_page(form, status=429), refusal.retry_after)
    email = normalize(form.email.data)
    if email.isprintable() and _is_rare(email):
        with write_transaction(session):
            ask_for_reset(session, email, read_clock(session), network_address=request.remote_addr)
        services().doorbell.ring_for_mail()
    return redirect(url_for("reset_asked"), 303)


def reset_asked() -> ResponseReturnValue:
    """What happens next, the same for every address."""
    return render_template("reset/asked.html", sends_links=services().mail.sends_links)


def reset() -> ResponseReturnValue:
    """The page that the link leads to, at an address without the link's token."""
    if token := request.args.get("token"):
        keep_token(token)
        return redirect(url_for("reset"), 303)
    return _reset_page(ResetForm())


def submit_reset() -> ResponseReturnValue:
    """Choose the new password. All sessions of the person end."""
    form, session = ResetForm(), db.session()
    link, name = kept_link(Purpose.RESET), kept_name()
    if link is None or name is None or state_of(link, read_clock(session)) is not LinkState.OPEN:
        return _reset_page(form)
    person_id = link.person_id
    refused = _refuse_password(form, person_id)
    if refused is not None:
        return refused
    session.rollback()
    try:
        password_hash = hash_password(form.password.data, FAMILIAR)
    except TooBusy:
        form.password.errors = [BUSY]
        return with_retry_after(_reset_page(form, status=503))
    with write_transaction(session):
        now = read_clock(session)
        person = lock_person(session, person_id)
        used = use_link(session, name, Purpose.RESET, now) if person else None
        needs_code = person is not None and has_second_factor(person)
        if person and used:
            ended = replace_password(session, person, password_hash, now)
            accounts = accounts_of(active_users(session, person.id))
            record_here(session, accounts, now, Action.PASSWORD_CHANGED, how="reset")
            tell_person_here(session, person.id, Action.PASSWORD_CHANGED, now, by=By.LINK)
            if ended:
                why = SessionsEnded.PASSWORD_CHANGED.value
                record_here(session, accounts, now, Action.SESSIONS_ENDED, sessions=ended, why=why)
    if used is None:
        return _reset_page(form)
    drop_token()
    flash("Your password is changed. Sign in with it.", "success")
    response = make_response(redirect(url_for("sign_in"), 303))
    if not needs_code:
        # Of others it would be a browser that has shown one of the two things that they sign in with.
        remember_device(response, person_id)
    return response


def _is_rare(email: str) -> bool:
    """Whether few messages are asked for to this address. Where there are many, the answer is the same."""
    try:
        take((ASKED_FOR, email))
    except TooMany:
        return False
    return True


def _refuse_password(form: ResetForm, person_id: int) -> Response | None:
    """The page with what is wrong with the password; None if nothing is."""
    if not form.validate():
        return _reset_page(form, status=422)
    try:
        take((CHOSEN, network()))
    except TooMany as refusal:
        form.password.errors = [too_many(refusal.retry_after)]
        return with_retry_after(_reset_page(form, status=429), refusal.retry_after)
    person = db.session().get_one(Person, person_id)
    flaw = flaw_in(form.password.data, names_of(db.session(), person))
    if flaw is None:
        return None
    form.password.errors = [FLAWS[flaw]]
    return _reset_page(form, status=422)


def _forgotten_page(form: ForgottenForm, *, status: int = 200) -> Response:
    page = render_template("reset/forgotten.html", form=form, sends_links=services().mail.sends_links)
    return make_response(page, status)


def _reset_page(form: ResetForm, *, status: int = 200) -> Response:
    link = kept_link(Purpose.RESET)
    state = state_of(link, read_clock(db.session())) if link else None
    if state is not LinkState.OPEN:
        status = 410 if link else 404
    return make_response(
        render_template("reset/choose.html", form=form, state=state, email=_email_of(link), rule=RULE), status
    )


def _email_of(link: OneTimeLink | None) -> str:
    return db.session().get_one(Person, link.person_id).email if link else ""
