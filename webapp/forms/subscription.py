from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField
from wtforms.validators import InputRequired

from webapp.models.mailing_list import SubscriptionStatus


class StatusForm(FlaskForm):
    """A contact's status on a list; `agreed` is asked for where it becomes Subscribed."""

    status = RadioField("Status", validators=[InputRequired("Choose a status.")])
    agreed = BooleanField("agreed")

    @classmethod
    def of(cls, status: str = "") -> "StatusForm":
        """The form of this request, or with the status as it is."""
        form = cls(data={"status": status})
        form.status.choices = [(str(one), one.capitalize()) for one in SubscriptionStatus]
        return form
