"""The second step of signing in: a code of the person's app, or a recovery code."""

from collections.abc import Callable

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.passwords import RecoveryForm, SecondFactorForm
from webapp.models import Person, SignIn
from webapp.models.audit_event import Action, Refused
from webapp.people.find import active_users
from webapp.people.passwords import lock_person
from webapp.people.second_factor import recovery_codes_left, use_code, use_recovery_code
from webapp.web.access import leading_back
from webapp.web.address import local_path
from webapp.web.device import remember_device
from webapp.web.entering import (
    RECOVERY_CODE,
    SECOND_FACTOR,
    accounts_of,
    record_entry,
    record_here,
)
from webapp.web.errors import with_retry_after
from webapp.web.second_factor import vault
from webapp.web.sessions import current_sign_in, prove_session
from webapp.web.sign_in_limits import take_code
from webapp.web.throttle import TooMany
from webapp.words.numbers import counted
from webapp.words.passwords import WRONG_CODE, WRONG_RECOVERY_CODE, too_many

# With so few left a person is told to make new ones.
FEW = 3


def second_factor() -> ResponseReturnValue:
    """The page that asks for a code of the app."""
    return _ask(SecondFactorForm())


def recovery_code() -> ResponseReturnValue:
    """The page that asks for a recovery code."""
    return _ask(RecoveryForm())


def submit_second_factor() -> ResponseReturnValue:
    """Go on with the right code."""

    def is_right(person: Person, typed: str) -> bool:
        return use_code(db.session(), person, typed, read_clock(db.session()), vault())

    return _submit(SecondFactorForm(), is_right, SECOND_FACTOR, WRONG_CODE)


def submit_recovery_code() -> ResponseReturnValue:
    """Go on with a recovery code, which is used up."""

    def is_right(person: Person, typed: str) -> bool:
        return use_recovery_code(db.session(), person, typed, read_clock(db.session()))

    return _submit(RecoveryForm(), is_right, RECOVERY_CODE, WRONG_RECOVERY_CODE)


def _half_way() -> SignIn | None:
    """The session of a person whose password was right and whose code is still to come."""
    sign_in = current_sign_in()
    return sign_in if sign_in and sign_in.proved_at is None else None


def _elsewhere(wanted: str | None) -> ResponseReturnValue:
    """Nothing is to be asked: the password comes first, or all is done. Leads on to the page `wanted`."""
    wanted = local_path(wanted)
    to = (wanted or url_for("overview")) if current_sign_in() else leading_back("sign_in", wanted)
    return redirect(to, 303)


def _ask(form: SecondFactorForm | RecoveryForm) -> ResponseReturnValue:
    if _half_way() is None:
        return _elsewhere(request.args.get("next"))
    form.next.data = local_path(request.args.get("next")) or ""
    return _page(form)


def _submit(
    form: SecondFactorForm | RecoveryForm,
    is_right: Callable[[Person, str], bool],
    proof: str,
    wrong: str,
) -> ResponseReturnValue:
    sign_in = _half_way()
    if sign_in is None:
        return _elsewhere(form.next.data)
    if not form.validate():
        return _page(form, status=422)
    try:
        attempt = take_code(sign_in.person_id)
    except TooMany as refusal:
        form.code.errors = [too_many(refusal.retry_after)]
        return with_retry_after(_page(form, status=429), refusal.retry_after)
    session = db.session()
    with write_transaction(session):
        now = read_clock(session)
        person = lock_person(session, sign_in.person_id)
        users = active_users(session, sign_in.person_id)
        right = person is not None and is_right(person, form.code.data)
        if right:
            prove_session()
            record_entry(session, users, now, proof)
        else:
            record_here(
                session, accounts_of(users), now, Action.SIGN_IN_REFUSED, why=Refused.SECOND_FACTOR.value
            )
        left = recovery_codes_left(session, sign_in.person_id)
    if not right:
        form.code.errors = [wrong]
        return _page(form, status=422)
    attempt.give_back()
    if proof == RECOVERY_CODE and left <= FEW:
        flash(f"You have {counted(left, 'recovery code')} left. Make new ones under Security.", "warning")
    response = make_response(redirect(local_path(form.next.data) or url_for("overview"), 303))
    remember_device(response, sign_in.person_id, proved=True)
    return response


def _page(form: SecondFactorForm | RecoveryForm, *, status: int = 200) -> Response:
    template = "second_factor/recovery.html" if isinstance(form, RecoveryForm) else "second_factor/code.html"
    return make_response(render_template(template, form=form), status)
