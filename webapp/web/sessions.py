"""Who is signed in with this browser. The only place that begins and ends sessions for the web.

The cookie holds the session's key and the secret of its forms' tokens, signed; the rest is in the database
(`webapp/people/sessions.py`, docs/adr/0036). What begins or changes a session runs in the caller's write
transaction.
"""

import secrets
from datetime import datetime

from flask import Flask, current_app, g, request, session
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response

from webapp.clock import read_clock
from webapp.extensions import db, login_manager
from webapp.models import Person, SignIn, User
from webapp.people import sessions

# Flask-Login's name for what its loader gets, and Flask-WTF's for the secret of the tokens.
KEY, TOKEN = "_user_id", "csrf_token"
# What the previous release calls its cookie in production, too.
PREVIOUS_COOKIE = "session"


def begin_session(person: Person, *, user: User | None, proved: bool) -> SignIn:
    """Sign the person in with a new session, into which nothing of the former one is carried over.

    :param user: as which of their users; None if they have several and still choose
    :param proved: False if the second factor is still to come: until then no one is signed in
    """
    former = current_sign_in()
    if former:
        sessions.end(db.session(), former.id)
    now = read_clock(db.session())
    sign_in, key = sessions.begin(
        db.session(),
        person.id,
        user.id if user else None,
        now,
        proved=proved,
        browser=request.headers.get("User-Agent", ""),
    )
    _give(key, user if proved else None)
    return sign_in


def choose_account(user: User) -> None:
    """Let the person work as this user of theirs, in this browser, with nothing carried over."""
    sign_in = own_session()
    sessions.choose(db.session(), sign_in.id, user.id)
    _give(sessions.renew(db.session(), sign_in.id), user if sign_in.proved_at else None)


def prove_session() -> None:
    """The second factor was right: the session is good for everything, and has a new key."""
    sign_in = own_session()
    key = sessions.prove(db.session(), sign_in.id, read_clock(db.session()))
    _give(key, db.session().get(User, sign_in.user_id) if sign_in.user_id else None)


def renew_session() -> None:
    """Give the session a new key, so that a copy of the old cookie is good for nothing: after `end_all` with
    `but`, when the password has changed."""
    sign_in = own_session()
    key = sessions.renew(db.session(), sign_in.id)
    _give(key, db.session().get(User, sign_in.user_id) if sign_in.user_id else None)


def end_session() -> None:
    """Sign out: the session ends, and so do all copies of its cookie."""
    sign_in = current_sign_in()
    if sign_in:
        sessions.end(db.session(), sign_in.id)
    session.clear()
    logout_user()
    g.sign_in = None


def note_use() -> None:
    """Store when the request has ended that it has used the session."""
    g.used = current_sign_in()


def init_sessions(app: Flask) -> None:
    """Store the use of sessions at the end of requests. Call it before Flask-SQLAlchemy's `init_app`: then
    the request's own connection has been given back, and a request never holds two."""

    @app.teardown_appcontext
    def store_use(_problem: BaseException | None) -> None:
        used: SignIn | None = g.pop("used", None)
        if used:
            sessions.note_use(db.engine, used, g.sign_in_now)


def forget(response: Response) -> None:
    """Let the browser forget the pages of a session that has ended, what their scripts have kept and the
    cookie of the previous release. Not all cookies: one says that the user has signed out, and one may say
    that this browser is known."""
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    if PREVIOUS_COOKIE in request.cookies and current_app.config["SESSION_COOKIE_NAME"] != PREVIOUS_COOKIE:
        response.delete_cookie(PREVIOUS_COOKIE, secure=True, httponly=True, samesite="Lax")


def current_sign_in() -> SignIn | None:
    """The open session of this browser, also while its second factor or its account is still asked for."""
    if "sign_in" not in g:
        key = session.get(KEY)
        found = sessions.find(db.session(), key) if isinstance(key, str) else None
        g.sign_in, g.sign_in_now = found or (None, None)
    sign_in: SignIn | None = g.sign_in
    return sign_in


def request_time() -> datetime:
    """When this request found its session: the database's time. For what is read, and not for what is
    written, which reads the clock behind its lock."""
    own_session()
    at: datetime = g.sign_in_now
    return at


def own_session() -> SignIn:
    """The same, where there is one for certain: in what only a person with a session gets to."""
    sign_in = current_sign_in()
    assert sign_in, "there is a session"
    return sign_in


@login_manager.user_loader
def load_user(_key: str) -> User | None:
    """The signed-in user: of an open session whose second factor is proved and whose account is chosen."""
    sign_in = current_sign_in()
    return sign_in.user if sign_in and sign_in.proved_at else None


def _give(key: str, user: User | None) -> None:
    """The cookie of a session that begins or has a new key: nothing of the former one is in it."""
    session.clear()
    session.permanent = True
    if user:
        login_user(user)
    else:
        logout_user()
    session[KEY] = key
    session[TOKEN] = secrets.token_hex(20)
    for known in ("sign_in", TOKEN):
        g.pop(known, None)
