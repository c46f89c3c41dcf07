"""The forms of campaigns and automations."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from webapp.forms.typed import lines, longest, on_one_line, storable, to_be_seen
from webapp.models.automation import Trigger

# A message of this size is read by every mail server.
LONGEST_TEXT = 20_000


class CampaignForm(FlaskForm):
    """All but the name may be filled in later."""

    name = StringField(filters=[on_one_line], validators=[storable, to_be_seen, longest(120)])
    list = StringField(filters=[on_one_line], validators=[storable, longest(120)])
    subject = StringField(filters=[on_one_line], validators=[storable, longest(200)])
    body = TextAreaField(filters=[lines], validators=[storable, longest(LONGEST_TEXT)])
    # The version that the person has seen.
    version = HiddenField(default="1")


class AutomationForm(FlaskForm):
    """A new automation: its name, and what it waits for."""

    name = StringField(filters=[on_one_line], validators=[storable, to_be_seen, longest(120)])
    trigger = SelectField(
        choices=[
            SelectChoice(str(Trigger.SUBSCRIBED), "A contact is subscribed to a list"),
            SelectChoice(str(Trigger.TAG_ADDED), "A contact gets a tag"),
        ],
        validators=[InputRequired("Choose from the list.")],
    )
    target = StringField(filters=[on_one_line], validators=[storable, to_be_seen, longest(120)])


class MessageForm(FlaskForm):
    """The text of an automation's step. All is needed, because it is sent without being asked again."""

    list = StringField(filters=[on_one_line], validators=[storable, to_be_seen, longest(120)])
    subject = StringField(filters=[on_one_line], validators=[storable, to_be_seen, longest(200)])
    body = TextAreaField(filters=[lines], validators=[storable, to_be_seen, longest(LONGEST_TEXT)])
    version = HiddenField(default="1")
