"""Template filters: numbers, and moments in the account's time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Flask
from flask_login import current_user
from markupsafe import Markup, escape

from webapp.contacts.search import Amount
from webapp.words.isolation import bare, enclose, isolated
from webapp.words.moments import ago
from webapp.words.money import money
from webapp.words.numbers import counted, number, plural


def amount(value: Amount, noun: str = "") -> str:
    """The amount in digits, with `noun` if given: "1 contact", "over 50 contacts"."""
    words = counted(value.number, noun) if noun else number(value.number)
    return words if value.exact else f"over {words}"


def bdi(text: str | None) -> Markup:
    """A typed text in an element of its own, so that it turns nothing around (webapp/words/isolation.py)."""
    return Markup("<bdi>{}</bdi>").format(text if hasattr(text, "__html__") else bare(text or ""))


def sentence(words: str) -> Markup:
    """A sentence of `webapp.words`, in which each typed text is in such an element."""
    return Markup(enclose(str(escape(words)), "<bdi>", "</bdi>"))


def zone() -> ZoneInfo:
    """The time zone of the signed-in user's account; UTC without one."""
    if current_user and current_user.is_authenticated:
        found: ZoneInfo = current_user.workspace.zone
        return found
    return ZoneInfo("UTC")


def exact(moment: datetime | None) -> str:
    """The moment to the minute, in the account's time zone; an empty text for None."""
    return f"{moment.astimezone(zone()):%-d %b %Y, %H:%M}" if moment else ""


def iso(moment: datetime | None) -> str:
    """The moment as ISO 8601, in UTC; an empty text for None."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def init_filters(app: Flask) -> None:
    """Register these filters for the templates."""
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
