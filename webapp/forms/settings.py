"""The form of the account's settings."""

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies
from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, ValidationError

from webapp.contacts.address import NotAnAddress, read_address
from webapp.forms.typed import lines, longest, on_one_line, storable, to_be_seen
from webapp.words.dates import language_choices

# Other names in the data are aliases, or not places.
CONTINENTS = (
    *("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"),
)


class SettingsForm(FlaskForm):
    name = StringField(filters=[on_one_line], validators=[storable, to_be_seen, longest(120)])
    timezone = SelectField()
    date_language = SelectField()
    currency = SelectField()
    sender_name = StringField(filters=[on_one_line], validators=[storable, longest(120)])
    sender_email = StringField(filters=[lines], validators=[longest(254)])
    postal_line = TextAreaField(filters=[lines], validators=[storable, longest(300)])

    def offer(self, *, timezone: str, currency: str) -> None:
        """Fill in the choices. What is stored is among them, even if the data no longer know it."""
        self.timezone.choices = _with(timezone, time_zones())
        self.currency.choices = _with(currency, currencies())
        self.date_language.choices = [SelectChoice(*choice) for choice in language_choices()]
        for field in (self.timezone, self.currency, self.date_language):
            field.validators = [InputRequired("Choose from the list.")]

    def validate_sender_email(self, field: Field) -> None:
        try:
            read_address(field.data)
        except NotAnAddress as error:
            raise ValidationError(f"This cannot be an e-mail address: {error}.") from error


@cache
def time_zones() -> tuple[tuple[str, str], ...]:
    """Each zone of a place: its name in the data, and as it is read."""
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in CONTINENTS)
    return (("UTC", "UTC"), *((name, name.replace("_", " ").replace("/", " / ")) for name in names))


@cache
def currencies() -> tuple[tuple[str, str], ...]:
    """Each currency that is in use somewhere: its code, and the code with its name."""
    codes = {
        code
        for territory in get_global("territory_currencies")
        for code in get_territory_currencies(territory)
    }
    return tuple((code, f"{code} · {get_currency_name(code, locale='en')}") for code in sorted(codes))


def _with(stored: str, choices: tuple[tuple[str, str], ...]) -> list[SelectChoice]:
    known = any(value == stored for value, _ in choices)
    offered = choices if known else ((stored, stored), *choices)
    return [SelectChoice(value, label) for value, label in offered]
