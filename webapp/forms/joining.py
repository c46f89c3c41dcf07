from flask_wtf import FlaskForm
from wtforms import StringField

from webapp.forms.passwords import new_password
from webapp.forms.typed import longest, named, on_one_line
from webapp.forms.users import LONGEST_NAME


class JoinForm(FlaskForm):
    """What a new person chooses when they accept an invitation."""

    name = StringField(filters=[on_one_line], validators=[named, longest(LONGEST_NAME)])
    password = new_password()
