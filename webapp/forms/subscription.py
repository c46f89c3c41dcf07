from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField
from wtforms.validators import InputRequired

from webapp.models.mailing_list import SubscriptionStatus


class StatusForm(FlaskForm):
    """A contact's status on a list; `agreed` is asked for where it becomes Subscribed."""

    status = RadioField(
        "Status",
        choices=[(str(status), status.capitalize()) for status in SubscriptionStatus],
        validators=[InputRequired("Choose a status.")],
    )
    agreed = BooleanField("agreed")
