from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from webapp.forms.typed import as_seen


class SignInForm(FlaskForm):
    email = StringField(
        "E-mail",
        filters=[as_seen],
        validators=[DataRequired("Type your e-mail address."), Length(max=254, message="That is too long.")],
    )
    password = PasswordField(
        "Password",
        validators=[InputRequired("Type your password."), Length(max=1000, message="That is too long.")],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
