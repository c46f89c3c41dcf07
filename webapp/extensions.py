"""Flask's extensions, created here and bound to an app in `create_app`."""

from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from webapp.models import Base

# The models use plain SQLAlchemy; Flask-SQLAlchemy provides the session and the engine.
db = SQLAlchemy(model_class=Base)
migrate = Migrate()


class SessionLogin(LoginManager):
    """Only the session says who is signed in.

    Flask-Login would also read a "remember me" cookie. This app never sets one, and a forged one raises.
    """

    def _load_user_from_remember_cookie(self, cookie: str) -> None:
        return None


login_manager = SessionLogin()
csrf = CSRFProtect()
