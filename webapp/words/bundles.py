"""A bundle of deletions in words: who deleted how many contacts, when and how."""

from datetime import datetime

from webapp.restoring.bundles import Bundle
from webapp.restoring.ways import way_of
from webapp.words.dates import Dates
from webapp.words.filters import way_words
from webapp.words.isolation import isolated
from webapp.words.moments import span_words
from webapp.words.numbers import counted, number

PAGE = "page"
NO_USER = "A user who has left"


def who(bundle: Bundle) -> str:
    """The name of the user who deleted the contacts, at the beginning of a sentence."""
    return isolated(bundle.user) if bundle.user else NO_USER


def when(bundle: Bundle, *, dates: Dates, now: datetime) -> str:
    """ "Tue 14:03 to 14:09", and the way if it was not a page."""
    span = span_words(bundle.first_at, bundle.last_at, dates=dates, now=now)
    way = way_of(bundle.source)
    return span if way == PAGE else f"{span}, {way_words(way)}"


def contacts(bundle: Bundle) -> str:
    """ "240 contacts in 3 deletions"; "40 of 240 contacts" where the others are no longer deleted."""
    if bundle.in_bin < bundle.contact_count:
        some = f"{number(bundle.in_bin)} of {counted(bundle.contact_count, 'contact')}"
    else:
        some = counted(bundle.in_bin, "contact")
    return f"{some} in {counted(len(bundle.left), 'deletion')}" if len(bundle.left) > 1 else some
