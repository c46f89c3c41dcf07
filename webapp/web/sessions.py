"""Who is signed in with this browser. The only place that begins and ends sessions for the web.

The cookie holds the session's key and the secret of its forms' tokens, signed; the rest is in the database
(`webapp/people/sessions.py`, docs/adr/0036). What begins or changes a session runs in the caller's write
transaction.
"""

import secrets

from flask import g, request, session
from flask_login import login_user, logout_user

from webapp.clock import read_clock
from webapp.extensions import db, login_manager
from webapp.models import Person, SignIn, User
from webapp.people import sessions

# Flask-Login's name for what its loader gets, and Flask-WTF's for the secret of the tokens.
KEY, TOKEN = "_user_id", "csrf_token"


def begin_session(person: Person, *, user: User | None, proved: bool) -> SignIn:
    """Sign the person in with a new session, into which nothing of the former one is carried over.

    :param user: as which of their users; None if they have several and still choose
    :param proved: False if the second factor is still to come: until then nobody is signed in
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
    sign_in = _present()
    sessions.choose(db.session(), sign_in.id, user.id)
    _give(sessions.renew(db.session(), sign_in.id), user if sign_in.proved_at else None)


def prove_session() -> None:
    """The second factor was right: the session is good for everything, and has a new key."""
    sign_in = _present()
    key = sessions.prove(db.session(), sign_in.id, read_clock(db.session()))
    _give(key, db.session().get(User, sign_in.user_id) if sign_in.user_id else None)


def renew_session() -> None:
    """Give the session a new key, so that a copy of the old cookie is good for nothing: after `end_all` with
    `but`, when the password has changed."""
    sign_in = _present()
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


def current_sign_in() -> SignIn | None:
    """The open session of this browser, also while its second factor or its account is still asked for."""
    if "sign_in" not in g:
        key = session.get(KEY)
        found = sessions.find(db.session(), key) if isinstance(key, str) else None
        g.sign_in, g.sign_in_now = found or (None, None)
    sign_in: SignIn | None = g.sign_in
    return sign_in


@login_manager.user_loader
def load_user(_key: str) -> User | None:
    """The signed-in user: of an open session whose second factor is proved and whose account is chosen."""
    sign_in = current_sign_in()
    return sign_in.user if sign_in and sign_in.proved_at else None


def _present() -> SignIn:
    sign_in = current_sign_in()
    assert sign_in, "there is a session"
    return sign_in


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
