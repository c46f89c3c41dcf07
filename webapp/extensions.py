"""Flask's extensions, created here and bound to an app in `create_app`."""

from typing import Any

from flask import Flask
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from werkzeug.local import LocalProxy

from webapp.models import Base

# The models use plain SQLAlchemy; Flask-SQLAlchemy provides the session and the engine.
db = SQLAlchemy(model_class=Base)


class SessionLogin(LoginManager):
    """Only the session says who is signed in.

    Flask-Login would also read a "remember me" cookie. This app never sets one, and a forged one raises.
    """

    def _load_user_from_remember_cookie(self, cookie: str) -> None:
        return None


login_manager = SessionLogin()
csrf = CSRFProtect()


def init_migrations(app: Flask, folder: str) -> None:
    """Let `flask db` and its functions find the migrations in `folder`. Only these need Flask-Migrate, which
    loads Alembic, so it is made where it is asked for."""

    def made() -> Any:
        from flask_migrate import Migrate

        # It takes the place of the proxy.
        Migrate(app, db, directory=folder)
        return app.extensions["migrate"]

    app.extensions["migrate"] = LocalProxy(made)
