"""How the signed-in user's account writes dates."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import g
from flask_login import current_user

from webapp.words.dates import Dates


def account_dates() -> Dates:
    """In its time zone and language; UTC and English without a signed-in user."""
    # Asked for with each date of a page. The settings' page is redirected to after a change.
    dates: Dates | None = g.get("dates")
    if dates is None:
        dates = g.dates = _dates()
    return dates


def exact(moment: datetime | None) -> str:
    """The moment to the minute, in the account's time zone and language; an empty text for None."""
    return account_dates().exact(moment) if moment else ""


def iso(moment: datetime | None) -> str:
    """The moment as ISO 8601, in UTC; an empty text for None."""
    if not moment:
        return ""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _dates() -> Dates:
    if current_user and current_user.is_authenticated:
        return Dates(current_user.workspace.zone, current_user.workspace.date_language)
    return Dates(ZoneInfo("UTC"))
