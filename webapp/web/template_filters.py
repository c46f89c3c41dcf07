"""Template filters for words and numbers, and the attributes of fields."""

from flask import Flask
from wtforms import Field

from webapp.contacts.search import Amount
from webapp.words.isolation import isolated
from webapp.words.moments import ago
from webapp.words.money import money
from webapp.words.numbers import counted, number, plural


def amount(value: Amount, noun: str = "") -> str:
    """The amount in digits, with `noun` if given: "1 contact", "over 50 contacts"; "unknown number of
    contacts" where none has been met yet."""
    if not (value.number or value.exact):
        return f"unknown number of {plural(noun)}" if noun else "unknown number"
    words = counted(value.number, noun) if noun else number(value.number)
    return words if value.exact else f"over {words}"


def described(field: Field, hint: str = "") -> dict[str, str]:
    """The attributes that connect a form's field with its hint and its errors, which have ids."""
    ids = [f"{field.name}-{part}" for part, there in (("hint", hint), ("error", field.errors)) if there]
    attributes = {"aria-describedby": " ".join(ids)} if ids else {}
    return attributes | ({"aria-invalid": "true"} if field.errors else {})


def init_filters(app: Flask) -> None:
    """Register these filters for the templates, and the function for fields."""
    app.add_template_global(described)
    app.add_template_filter(isolated)
    app.add_template_filter(number)
    app.add_template_filter(counted)
    app.add_template_filter(plural)
    app.add_template_filter(amount)
    app.add_template_filter(money)
    app.add_template_filter(ago)
