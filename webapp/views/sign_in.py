"""Signing in and out."""

from flask import make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.contacts.normal import normalize
from webapp.extensions import csrf, db, limiter
from webapp.forms.sign_in import SignInForm
from webapp.passwords import password_matches
from webapp.people.find import active_users, find_person
from webapp.web.access import is_from_our_page
from webapp.web.address import local_path
from webapp.web.sessions import begin_session, end_session


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


# Only failed attempts count, so the limit slows down guessing and not signing in.
@limiter.limit("20 per minute", deduct_when=lambda response: response.status_code == 422)
def submit_sign_in() -> ResponseReturnValue:
    """Sign in, then redirect to the page that was requested first."""
    form = SignInForm()
    if not form.validate():
        return _page(form, status=422)
    person = find_person(db.session(), normalize(form.email.data))
    matches = password_matches(person.password_hash if person else None, form.password.data)
    users = active_users(db.session(), person.id) if person and matches else []
    if not users:
        return _page(
            form,
            error="This e-mail address and password do not belong together. Check both and try again.",
            status=422,
        )
    begin_session(users[0])
    return redirect(local_path(form.next.data) or url_for("overview"), 303)


def sign_out() -> ResponseReturnValue:
    """Sign out and clear the session. If it has ended already, there is nothing left to protect: the form of
    a page that was open for too long leads to the sign-in page, too.
    """
    is_ours = is_from_our_page()
    if current_user.is_authenticated and not is_ours:
        # A page of ours may be older than the session; a page of another site must not end it.
        csrf.protect()
    if current_user.is_authenticated or is_ours:
        end_session()
        # The pages until the next sign-in make the tab forget its selections. A session that has ended by
        # itself leaves them to their user.
        session["signed_out"] = True
    return redirect(url_for("sign_in"), 303)


# It looks itself, where there is a session to protect.
csrf.exempt(sign_out)


def _page(form: SignInForm, *, error: str | None = None, status: int = 200) -> ResponseReturnValue:
    return make_response(render_template("login.html", form=form, error=error), status)
