"""The forms of passwords and of codes."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from webapp.forms.typed import as_seen
from webapp.people.password_rules import LONGEST, Flaw
from webapp.words.passwords import FLAWS

TOO_LONG = "That is too long."


def present_password() -> Field:
    """A field for the password that the person has."""
    return PasswordField(
        validators=[InputRequired("Type your password."), Length(max=1000, message=TOO_LONG)],
        render_kw={"autocomplete": "current-password"},
    )


def new_password() -> Field:
    """A field for a password that the person chooses. `web/new_password.py` examines it."""
    return PasswordField(
        validators=[InputRequired("Type a password."), Length(max=LONGEST, message=FLAWS[Flaw.TOO_LONG])],
        render_kw={"autocomplete": "new-password", "minlength": None, "maxlength": LONGEST},
    )


def code(**attributes: Any) -> Field:
    """A field for a code of the second factor."""
    return StringField(
        filters=[as_seen],
        validators=[DataRequired("Type the code."), Length(max=100, message=TOO_LONG)],
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        | attributes,
    )


class ForgottenForm(FlaskForm):
    email = StringField(
        filters=[as_seen],
        validators=[DataRequired("Type your e-mail address."), Length(max=254, message=TOO_LONG)],
    )


class ResetForm(FlaskForm):
    password = new_password()


class ChangePasswordForm(FlaskForm):
    present = present_password()
    password = new_password()


class SecondFactorForm(FlaskForm):
    code = code(inputmode="numeric")
    next = HiddenField()


class RecoveryForm(FlaskForm):
    code = code(autocomplete="off")
    next = HiddenField()


class BeginSecondFactorForm(FlaskForm):
    setup_password = present_password()


class ConfirmSecondFactorForm(FlaskForm):
    code = code(inputmode="numeric")


class RecoveryCodesForm(FlaskForm):
    codes_password = present_password()
    # Of the app, or a recovery code.
    codes_code = code()


class RemoveSecondFactorForm(FlaskForm):
    off_password = present_password()
    # Of the app, or a recovery code.
    off_code = code()
