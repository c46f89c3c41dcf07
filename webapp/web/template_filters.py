"""Template filters: numbers, and moments in the account's time zone."""

from datetime import UTC, datetime

from flask import Flask
from markupsafe import Markup, escape
from wtforms import Field

from webapp.contacts.search import Amount
from webapp.web.dates import account_dates
from webapp.words.isolation import bare, enclose, isolated
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


def bdi(text: str | None) -> Markup:
    """A typed text in an element of its own, so that it turns nothing around (webapp/words/isolation.py)."""
    return Markup(f"<bdi>{escape(text if hasattr(text, '__html__') else bare(text or ''))}</bdi>")


def sentence(words: str) -> Markup:
    """A sentence of `webapp.words`, in which each typed text is in such an element."""
    return Markup(enclose(str(escape(words)), "<bdi>", "</bdi>"))  # nosec B704  # the words are escaped


def exact(moment: datetime | None) -> str:
    """The moment to the minute, in the account's time zone and language; an empty text for None."""
    return account_dates().exact(moment) if moment else ""


def iso(moment: datetime | None) -> str:
    """The moment as ISO 8601, in UTC; an empty text for None."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def described(field: Field, hint: str = "") -> dict[str, str]:
    """The attributes that connect a form's field with its hint and its errors, which have ids."""
    ids = [f"{field.name}-{part}" for part, there in (("hint", hint), ("error", field.errors)) if there]
    attributes = {"aria-describedby": " ".join(ids)} if ids else {}
    return attributes | ({"aria-invalid": "true"} if field.errors else {})


def init_filters(app: Flask) -> None:
    """Register these filters for the templates, and the function for fields."""
    app.add_template_global(described)
    app.add_template_filter(bdi)
    app.add_template_filter(sentence)
    app.add_template_filter(isolated)
    app.add_template_filter(number)
    app.add_template_filter(counted)
    app.add_template_filter(plural)
    app.add_template_filter(amount)
    app.add_template_filter(money)
    app.add_template_filter(exact)
    app.add_template_filter(iso)
    app.add_template_filter(ago)
