"""How the signed-in user's account writes dates."""

from zoneinfo import ZoneInfo

from flask import g
from flask_login import current_user

from webapp.words.dates import Dates


def account_dates() -> Dates:
    """In its time zone and language; UTC and English without a signed-in user."""
    # Asked for with each date of a page. The settings' page is redirected to after a change.
    if "dates" not in g:
        g.dates = _dates()
    dates: Dates = g.dates
    return dates


def _dates() -> Dates:
    if current_user and current_user.is_authenticated:
        return Dates(current_user.workspace.zone, current_user.workspace.date_language)
    return Dates(ZoneInfo("UTC"))
