from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from webapp.forms.typed import longest, named, on_one_line
from webapp.forms.users import LONGEST_NAME


class JoinForm(FlaskForm):
    """What a new person chooses when they accept an invitation."""

    name = StringField(filters=[on_one_line], validators=[named, longest(LONGEST_NAME)])
    password = PasswordField(
        validators=[InputRequired("Choose a password."), Length(max=1000, message="That is too long.")]
    )
