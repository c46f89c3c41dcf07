"""What the fields of forms share: how typed text is cleaned, and what it must not contain."""

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import Length, ValidationError

from webapp.characters import name_key


def one_line(text: str | None) -> str:
    """Without line breaks, and with single spaces."""
    return " ".join((text or "").split())


def lines(text: str | None) -> str:
    """With the line breaks of the app, and without empty space at the ends."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def longest(characters: int) -> Length:
    """A text of at most so many characters."""
    return Length(max=characters, message=f"Type at most {characters:,} characters.")


def is_storable(_form: FlaskForm, field: Field) -> None:
    """No database stores a NUL."""
    if "\0" in (field.data or ""):
        raise ValidationError("This text contains a character that cannot be stored.")


def is_visible(_form: FlaskForm, field: Field) -> None:
    """There is something to see in it."""
    if not name_key(field.data or ""):
        raise ValidationError("Type something that can be seen.")
