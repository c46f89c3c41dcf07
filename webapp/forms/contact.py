"""The form of one contact's details."""

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField, ValidationError

from webapp.contacts.address import NotAnAddress, read_address
from webapp.forms.typed import as_seen, visible, why_unfit
from webapp.importing.fields import Field as Imported
from webapp.importing.rows import LIMITS

NOTHING = "Type an e-mail address or a name, so that the contact can be found."


class OneLine:
    """Validates a line of text that its column can hold."""

    def __init__(self, what: str, field: Imported) -> None:
        self.what = what
        self.longest = LIMITS[field]

    def __call__(self, _form: FlaskForm, field: Field) -> None:
        if reason := why_unfit(self.what, field.data, self.longest):
            raise ValidationError(reason)


class ContactForm(FlaskForm):
    """`opened` is what the form was opened with, as JSON; empty for a new contact."""

    email = StringField("E-mail", filters=[as_seen])
    first_name = StringField(
        "First name", filters=[visible], validators=[OneLine("The name", Imported.FIRST_NAME)]
    )
    last_name = StringField(
        "Last name", filters=[visible], validators=[OneLine("The name", Imported.LAST_NAME)]
    )
    phone = StringField("Phone", filters=[visible], validators=[OneLine("The number", Imported.PHONE)])
    account = StringField("Account", filters=[visible], validators=[OneLine("The name", Imported.ACCOUNT)])
    opened = HiddenField()

    def validate_email(self, field: Field) -> None:
        try:
            address = read_address(field.data)
        except NotAnAddress as fault:
            raise ValidationError(f"This cannot be an e-mail address: {fault}.") from fault
        if address.key is None and not (self.first_name.data or self.last_name.data):
            raise ValidationError(NOTHING)
