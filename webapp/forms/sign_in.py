from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length


class SignInForm(FlaskForm):
    email = EmailField(
        "E-mail",
        validators=[InputRequired("Type your e-mail address."), Length(max=254, message="That is too long.")],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Password",
        validators=[InputRequired("Type your password."), Length(max=1000, message="That is too long.")],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
