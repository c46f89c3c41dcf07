"""How long the contacts of a dialog can be restored."""

from datetime import datetime

from sqlalchemy.orm import Session

from webapp.models import days_left, restorable_until
from webapp.restoring.expiry import deleted_between
from webapp.restoring.scope import Scope
from webapp.web.dates import exact
from webapp.words.moments import days_left_words


def time_left(session: Session, scope: Scope, now: datetime) -> str:
    """One sentence, about the contact that expires first; an empty text for a scope without contacts."""
    moments = deleted_between(session, scope)
    if moments is None:
        return ""
    first, last = moments
    days = days_left(first, now)
    if scope.is_selective and first != last:
        return f"At least {days_left_words(days)}." if days else "Some may have less than a day left."
    until = f"{exact(restorable_until(first))}: {days_left_words(days)}."
    if scope.expected == 1:
        return f"It can be restored until {until}"
    which = "They" if days == days_left(last, now) else "The first of them"
    return f"{which} can be restored until {until}"
