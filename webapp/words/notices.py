"""The notices about deletions, as sentences."""

from datetime import datetime

from webapp.restoring.notices import Notice
from webapp.words import bundles
from webapp.words.dates import Dates
from webapp.words.moments import ago, moment_words, span_words
from webapp.words.numbers import counted, number


def deleted(notice: Notice, *, dates: Dates, now: datetime, is_own: bool) -> tuple[str, str]:
    """Who deleted how many contacts and when, and what is left of them; and until when they can be restored,
    for the one who deleted them."""
    bundle, count = notice.bundle, notice.count
    who = "You" if is_own else bundles.who(bundle)
    sentence = f"{who} deleted {counted(bundle.contact_count, 'contact')} {ago(bundle.last_at, now)}."
    if count < bundle.contact_count:
        sentence += f" {number(count)} of them can still be restored."
    return (
        sentence,
        f"You can restore {_them(count)} until {moment_words(bundle.until, dates=dates)}." if is_own else "",
    )


def expiring(notice: Notice, *, dates: Dates, now: datetime, is_own: bool) -> tuple[str, str]:
    """How many contacts can be restored for how long only; and who deleted them when."""
    bundle, count = notice.bundle, notice.count
    hours = max(1, int((bundle.until - now).total_seconds() // 3600))
    sentence = f"{counted(count, 'deleted contact')} can be restored for {counted(hours, 'more hour')} only."
    span = span_words(bundle.first_at, bundle.last_at, dates=dates)
    who = "You" if is_own else bundles.who(bundle)
    return sentence, f"{who} deleted {_them(count)} on {span}."


def _them(count: int) -> str:
    return "it" if count == 1 else "them"
