from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from webapp.characters import without_invisible


def _as_seen(text: str | None) -> str:
    """What the person sees of a pasted text: no zero-width space, and no space around it."""
    return without_invisible(text or "").strip()


class SignInForm(FlaskForm):
    email = StringField(
        "E-mail",
        filters=[_as_seen],
        validators=[DataRequired("Type your e-mail address."), Length(max=254, message="That is too long.")],
    )
    password = PasswordField(
        "Password",
        validators=[InputRequired("Type your password."), Length(max=1000, message="That is too long.")],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
