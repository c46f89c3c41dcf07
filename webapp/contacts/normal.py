"""The normal form in which addresses and search texts are compared.

Python normalizes them, because the two databases lower-case and trim differently.
"""

import unicodedata

from sqlalchemy import ColumnElement

from webapp.models import ContactSearch

# A search text of three characters or more matches anywhere, a shorter one only at the beginning of a word:
# a trigram index cannot find shorter texts, and almost every name contains any two letters.
ANYWHERE_FROM = 3


def email_key(email: str | None) -> str | None:
    """The normalized address; None for an empty one."""
    return normalize(email or "") or None


def normalize(text: str) -> str:
    """One spelling for texts that look the same: composed, lower-case, single spaces."""
    # Compose after lower-casing: in Unicode "ǰ" is one letter, its capital only two.
    return " ".join(unicodedata.normalize("NFC", text.lower()).split())


def search_text(first_name: str, last_name: str, email: str | None) -> str:
    """The text in which a contact is searched for. With the leading space every word begins after a space."""
    return " " + normalize(f"{first_name} {last_name} {email or ''}")


def text_matches(query: str, text: ColumnElement[str] | None = None) -> ColumnElement[bool]:
    """Whether `query` matches; it is literal text, `%` and `_` included, and not empty when normalized.

    The statement joins `ContactSearch`, or `text` gives the text to search in.
    """
    wanted = normalize(query)
    if len(wanted) < ANYWHERE_FROM:
        wanted = " " + wanted
    return (ContactSearch.text if text is None else text).contains(wanted, autoescape=True)
