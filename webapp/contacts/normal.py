"""The one form in which addresses and search texts are compared (design: email_key, contact_search).

Python does it, because the two databases lower-case and trim differently.
"""

import unicodedata

from sqlalchemy import ColumnElement

from webapp.models import ContactSearch

# From three characters on a text is found anywhere; below, at the beginning of a word only:
# an index of trigrams knows nothing shorter, and two letters stand inside almost every name.
ANYWHERE_FROM = 3


def email_key(email: str | None) -> str | None:
    """The address as it is compared: trimmed, lower-cased; an empty one is none."""
    return normalize(email or "") or None


def normalize(text: str) -> str:
    """One spelling for what people see as the same: composed, lower-case, single spaces."""
    # Composed after lower-casing: Unicode knows "ǰ" as one letter, its capital only as two.
    return " ".join(unicodedata.normalize("NFC", text.lower()).split())


def search_text(first_name: str, last_name: str, email: str | None) -> str:
    """What a contact is found by. The leading space lets the beginning of a word be asked for."""
    return " " + normalize(f"{first_name} {last_name} {email or ''}")


def text_matches(query: str, text: ColumnElement[str] | None = None) -> ColumnElement[bool]:
    """The condition on `contact_search` for a search; `query` is literal text, `%` and `_` included.

    Whoever asks joins `ContactSearch` or gives its `text`, and has checked that something is left of `query`.
    """
    wanted = normalize(query)
    if len(wanted) < ANYWHERE_FROM:
        wanted = " " + wanted
    return (ContactSearch.text if text is None else text).contains(wanted, autoescape=True)
