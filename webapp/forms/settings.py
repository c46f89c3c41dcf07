"""The form of the account's settings."""

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies
from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from webapp.characters import name_key
from webapp.contacts.address import NotAnAddress, read_address
from webapp.words.dates import language_choices

# Other names in the data are aliases, or not places.
CONTINENTS = (
    *("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"),
)


def _trimmed(text: str | None) -> str:
    return (text or "").strip()


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _longest(characters: int) -> Length:
    return Length(max=characters, message=f"Type at most {characters} characters.")


def _is_readable(_form: FlaskForm, field: Field) -> None:
    if "\0" in (field.data or ""):
        raise ValidationError("This text contains a character that cannot be stored.")


class SettingsForm(FlaskForm):
    name = StringField("Name of your account", filters=[_one_line], validators=[_is_readable, _longest(120)])
    timezone = SelectField("Time zone")
    date_language = SelectField("Language of dates")
    currency = SelectField("Currency of new deals")
    sender_name = StringField("Sender’s name", filters=[_one_line], validators=[_is_readable, _longest(120)])
    sender_email = StringField("Sender’s e-mail address", filters=[_trimmed], validators=[_longest(254)])
    postal_line = TextAreaField(
        "Postal address", filters=[_trimmed], validators=[_is_readable, _longest(300)]
    )

    def offer(self, *, timezone: str, currency: str) -> None:
        """Fill in the choices. What is stored is among them, even if the data no longer know it."""
        self.timezone.choices = _with(timezone, time_zones())
        self.currency.choices = _with(currency, currencies())
        self.date_language.choices = language_choices()
        for field in (self.timezone, self.currency, self.date_language):
            field.validators = [InputRequired("Choose from the list.")]

    def validate_name(self, field: Field) -> None:
        if not name_key(field.data):
            raise ValidationError("Type a name that can be seen.")

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


def _with(stored: str, choices: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    known = any(value == stored for value, _ in choices)
    return list(choices) if known else [(stored, stored), *choices]
