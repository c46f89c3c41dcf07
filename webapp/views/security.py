"""A person's own password and second factor."""

from collections.abc import Sequence

from flask import Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.passwords import (
    BeginSecondFactorForm,
    ChangePasswordForm,
    ConfirmSecondFactorForm,
    RecoveryCodesForm,
    RemoveSecondFactorForm,
)
from webapp.gates import TooBusy
from webapp.models import Person, SignIn
from webapp.models.audit_event import Action, Refused, SessionsEnded
from webapp.passwords import FAMILIAR, hash_password
from webapp.people import second_factor
from webapp.people.find import active_users
from webapp.people.password_rules import flaw_in
from webapp.people.passwords import lock_person, names_of, replace_password
from webapp.people.security_mail import By
from webapp.people.sessions import end_all
from webapp.web.device import remember_device
from webapp.web.entering import accounts_of, record_here, tell_person_here
from webapp.web.errors import SOON, with_retry_after
from webapp.web.prompts import Asked, is_still, record_refusal, right_password, with_password_and_code
from webapp.web.qr import qr_code
from webapp.web.second_factor import begin_setup, issuer, must_set_up, secret_in_setup, vault
from webapp.web.sessions import current_sign_in, renew_session
from webapp.web.sign_in_limits import take_code
from webapp.web.throttle import TooMany
from webapp.words.passwords import BUSY, FLAWS, RULE, SAME_PASSWORD, WRONG_CODE, too_many

CHANGED_MEANWHILE = "Your password has just been changed. Sign in with the new one."
BEGIN_AGAIN = "A key can be used for ten minutes, in the browser that asked for it. Begin again."


def security() -> ResponseReturnValue:
    """The page with all forms."""
    return _page()


def change_password() -> ResponseReturnValue:
    """Replace the password, and end all other sessions."""
    form, session = ChangePasswordForm(), db.session()
    asked = right_password(form, form.present)
    if not asked:
        return _page(form, asked)
    person = session.get_one(Person, _own().person_id)
    flaw = flaw_in(form.password.data, names_of(session, person))
    if flaw or form.password.data == form.present.data:
        form.password.errors = [FLAWS[flaw] if flaw else SAME_PASSWORD]
        return _page(form, Asked(422))
    session.rollback()
    try:
        password_hash = hash_password(form.password.data, FAMILIAR)
    except TooBusy:
        form.password.errors = [BUSY]
        return _page(form, Asked(503, SOON))
    with write_transaction(session):
        now, here = read_clock(session), _own()
        locked = lock_person(session, here.person_id)
        if unchanged := locked if is_still(locked) else None:
            ended = replace_password(session, unchanged, password_hash, now, but=here.id)
            renew_session()
            _record_change(unchanged, Action.PASSWORD_CHANGED, how="changed")
            _record_ended(unchanged, ended, SessionsEnded.PASSWORD_CHANGED)
    if not unchanged:
        return _changed_meanwhile()
    flash("Your password is changed. You are signed out everywhere else.", "success")
    return redirect(url_for("security"), 303)


def begin_second_factor() -> ResponseReturnValue:
    """Make a secret, and go on to the page that shows it."""
    form, session = BeginSecondFactorForm(), db.session()
    if second_factor.has_second_factor(_own().person):
        return redirect(url_for("security"), 303)
    asked = right_password(form, form.setup_password)
    if not asked:
        return _page(form, asked)
    with write_transaction(session):
        person = lock_person(session, _own().person_id)
        if person and is_still(person):
            renew_session()
            begin_setup()
    return redirect(url_for("set_up_second_factor"), 303)


def set_up_second_factor() -> ResponseReturnValue:
    """The page with the QR code, the secret in letters, and a field for the first code."""
    return _set_up_page(ConfirmSecondFactorForm())


def confirm_second_factor() -> ResponseReturnValue:
    """Let the second factor count, end all other sessions, and show the recovery codes, once."""
    form, session = ConfirmSecondFactorForm(), db.session()
    here, secret = _own(), secret_in_setup()
    if secret is None or not form.validate():
        return _set_up_page(form, status=422)
    try:
        attempt = take_code(here.person_id)
    except TooMany as refusal:
        form.code.errors = [too_many(refusal.retry_after)]
        return with_retry_after(_set_up_page(form, status=429), refusal.retry_after)
    codes = None
    with write_transaction(session):
        now, person = read_clock(session), lock_person(session, here.person_id)
        if person and is_still(person):
            codes = second_factor.finish_setup(session, person, secret, form.code.data, now, vault())
        if person and codes:
            # They began without the code.
            ended = end_all(session, person.id, but=here.id)
            renew_session()
            _record_change(person, Action.SECOND_FACTOR_ADDED)
            _record_ended(person, ended, SessionsEnded.SECOND_FACTOR_ADDED)
        elif is_still(person):
            record_refusal(here.person_id, Refused.SECOND_FACTOR)
    if codes is None:
        form.code.errors = [WRONG_CODE]
        return _set_up_page(form, status=422)
    attempt.give_back()
    response = _codes_page(codes, is_new=True)
    remember_device(response, here.person_id, proved=True)
    return response


def new_recovery_codes() -> ResponseReturnValue:
    """Replace the recovery codes, with the password and a code, and show the new ones, once."""
    form, session = RecoveryCodesForm(), db.session()
    if not second_factor.has_second_factor(_own().person):
        return redirect(url_for("security"), 303)
    codes: list[str] = []

    def make(person: Person) -> None:
        codes.extend(second_factor.make_recovery_codes(session, person))
        _record_change(person, Action.RECOVERY_CODES_MADE)

    asked = with_password_and_code(form, form.codes_password, form.codes_code, make)
    return _codes_page(codes, is_new=False) if asked else _page(form, asked)


def remove_second_factor() -> ResponseReturnValue:
    """Turn the second factor off, with the password and a code."""
    form, session = RemoveSecondFactorForm(), db.session()
    if not second_factor.has_second_factor(_own().person):
        return redirect(url_for("security"), 303)

    def remove(person: Person) -> None:
        second_factor.remove_second_factor(session, person)
        renew_session()
        _record_change(person, Action.SECOND_FACTOR_REMOVED)

    asked = with_password_and_code(form, form.off_password, form.off_code, remove)
    if not asked:
        return _page(form, asked)
    flash("The second factor is off.", "success")
    return redirect(url_for("security"), 303)


def _own() -> SignIn:
    sign_in = current_sign_in()
    assert sign_in, "the route is guarded"
    return sign_in


def _record_change(person: Person, action: Action, **detail: object) -> None:
    """In the audit log, and by mail to the person."""
    session = db.session()
    _record(person, action, **detail)
    tell_person_here(session, person.id, action, read_clock(session), by=By.PERSON)


def _record(person: Person, action: Action, **detail: object) -> None:
    session = db.session()
    accounts = accounts_of(active_users(session, person.id))
    record_here(session, accounts, read_clock(session), action, **detail)


def _record_ended(person: Person, ended: int, why: SessionsEnded) -> None:
    if ended:
        _record(person, Action.SESSIONS_ENDED, sessions=ended, why=why.value)


def _changed_meanwhile() -> ResponseReturnValue:
    flash(CHANGED_MEANWHILE, "error")
    return redirect(url_for("sign_in"), 303)


def _page(refused: FlaskForm | None = None, asked: Asked | None = None) -> Response:
    """The page; in it, the form that was refused, with what is wrong."""
    session, here = db.session(), _own()
    person = session.get_one(Person, here.person_id)
    forms = {
        form.__name__: refused if isinstance(refused, form) else form(formdata=None)
        for form in (
            ChangePasswordForm,
            BeginSecondFactorForm,
            RecoveryCodesForm,
            RemoveSecondFactorForm,
        )
    }
    page = render_template(
        "security/page.html",
        email=person.email,
        rule=RULE,
        has_second_factor=second_factor.has_second_factor(person),
        since=person.totp_since,
        codes_left=second_factor.recovery_codes_left(session, person.id),
        must_set_up=must_set_up(),
        change=forms["ChangePasswordForm"],
        begin=forms["BeginSecondFactorForm"],
        codes=forms["RecoveryCodesForm"],
        remove=forms["RemoveSecondFactorForm"],
    )
    refusal = Asked() if asked is None else asked
    response = make_response(page, refusal.status)
    return with_retry_after(response, refusal.retry_after) if refusal.retry_after else response


def _set_up_page(form: ConfirmSecondFactorForm, *, status: int = 200) -> Response:
    person = db.session().get_one(Person, _own().person_id)
    secret = None if second_factor.has_second_factor(person) else secret_in_setup()
    if secret is None:
        # It is set up, or was not begun in this session, or too long ago.
        if not second_factor.has_second_factor(person):
            flash(BEGIN_AGAIN, "warning")
        return make_response(redirect(url_for("security"), 303))
    uri = second_factor.setup_uri(secret, person.email, issuer())
    # In groups, as people read and type it.
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    page = render_template(
        "security/set_up.html", form=form, secret=groups, uri=uri, qr=qr_code(uri), must_set_up=must_set_up()
    )
    return make_response(page, status)


def _codes_page(codes: Sequence[str], *, is_new: bool) -> Response:
    return make_response(render_template("security/codes.html", codes=codes, is_new=is_new))
