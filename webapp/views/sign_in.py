"""Signing in and out."""

from flask import Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.contacts.normal import normalize
from webapp.database import write_transaction
from webapp.extensions import csrf, db
from webapp.forms.sign_in import SignInForm
from webapp.gates import TooBusy
from webapp.models.audit_event import Action, Refused
from webapp.passwords import Checked, check_password
from webapp.people.second_factor import has_second_factor
from webapp.people.signing_in import Candidate, admit, find_candidate
from webapp.web.access import is_from_our_page, leading_back
from webapp.web.address import local_path
from webapp.web.device import remember_device
from webapp.web.entering import PASSWORD, record_entry, record_here
from webapp.web.errors import with_retry_after
from webapp.web.sessions import begin_session, current_sign_in, end_session, forget
from webapp.web.sign_in_limits import take_sign_in
from webapp.web.throttle import TooMany
from webapp.words.passwords import BUSY, NO_MATCH, too_many


def root() -> ResponseReturnValue:
    """The root address redirects to the contacts."""
    return redirect(url_for("overview"))


def sign_in() -> ResponseReturnValue:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect(url_for("overview"), 303)
    form = SignInForm()
    form.next.data = local_path(request.args.get("next")) or ""
    return _page(form)


def submit_sign_in() -> ResponseReturnValue:
    """Sign in, then redirect to what comes next: the code of the second factor, or the page that was
    requested first. The attempt is counted before its password is hashed, and given back if it was right."""
    form = SignInForm()
    if not form.validate():
        return _page(form, status=422)
    email = normalize(form.email.data)
    candidate = find_candidate(db.session(), email)
    try:
        attempt, gate = take_sign_in(db.session(), candidate, email)
    except TooMany as refusal:
        return with_retry_after(
            _page(form, error=too_many(refusal.retry_after), status=429), refusal.retry_after
        )
    # Nothing is held while the hash waits for its turn and is computed.
    db.session().rollback()
    try:
        checked = check_password(candidate.password_hash, form.password.data, gate)
    except TooBusy:
        attempt.give_back()
        return with_retry_after(_page(form, error=BUSY, status=503))
    response = _enter(candidate, checked, local_path(form.next.data))
    if response is None:
        return _page(form, error=NO_MATCH, status=422)
    attempt.give_back()
    return response


def _enter(candidate: Candidate, checked: Checked, wanted: str | None) -> Response | None:
    """Begin the session and redirect; None if the person may not sign in."""
    with write_transaction(db.session()):
        now = read_clock(db.session())
        found = admit(db.session(), candidate, checked, now)
        if isinstance(found, Refused):
            record_here(db.session(), candidate.accounts, now, Action.SIGN_IN_REFUSED, why=found.value)
            return None
        person_id, proved = found.person.id, not has_second_factor(found.person)
        user = found.users[0] if len(found.users) == 1 else None
        begin_session(found.person, user=user, proved=proved)
        if proved:
            record_entry(db.session(), found.users, now, PASSWORD)
    if not proved:
        return make_response(redirect(leading_back("second_factor", wanted), 303))
    response = make_response(redirect(wanted or url_for("overview"), 303))
    remember_device(response, person_id)
    return response


def sign_out() -> ResponseReturnValue:
    """Sign out and clear the session. If it has ended already, there is nothing left to protect: the form of
    a page that was open for too long leads to the sign-in page, too.
    """
    is_ours, answer = is_from_our_page(), redirect(url_for("sign_in"), 303)
    if current_sign_in() and not is_ours:
        # A page of ours may be older than the session; a page of another site must not end it.
        csrf.protect()
    if current_sign_in() or is_ours:
        with write_transaction(db.session()):
            end_session()
        # The pages until the next sign-in make the tab forget its selections. A session that has ended by
        # itself leaves them to their user.
        session["signed_out"] = True
        forget(answer)
    return answer


# It looks itself, where there is a session to protect.
csrf.exempt(sign_out)


def _page(form: SignInForm, *, error: str | None = None, status: int = 200) -> Response:
    return make_response(render_template("login.html", form=form, error=error), status)
