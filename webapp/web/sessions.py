"""Who is signed in with this browser."""

from flask import session
from flask_login import login_user, logout_user

from webapp.models import User


def begin_session(user: User) -> None:
    """Sign the user in with a new session, into which nothing of the former one is carried over."""
    session.clear()
    session.permanent = True
    login_user(user)


def end_session() -> None:
    """Sign the user out."""
    logout_user()
    session.clear()
