"""The search text of a contact, and the condition by which a text finds it.

`ContactSearch` has two forms of it. `folded` is the one to search in. `text` is the one of the release
before: it finds contacts that were not folded yet, or by another folding than this release's
(docs/adr/0014).
"""

from sqlalchemy import ColumnElement, ScalarSelect, and_, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from webapp import folding
from webapp.contacts.normal import normalize
from webapp.marketing.consent import hash_start
from webapp.models import ContactSearch
from webapp.models.contact import is_stale

# A search as the release before understood it: one literal text. The scope of a restore keeps its meaning
# (docs/rules.md, rule 6).
LITERAL = 0


def search_columns(
    first_name: str, last_name: str, email: str | None, email_key: str | None
) -> dict[str, str | int]:
    """The values of a contact's row in `ContactSearch`."""
    return {
        # With the leading space every word begins after a space.
        "text": " " + normalize(f"{first_name} {last_name} {email or ''}"),
        "folded": folding.folded(first_name, last_name, email),
        "folding": folding.FOLDING,
        "hash_start": hash_start(email_key),
    }


def text_matches(q: str, by: int = folding.FOLDING) -> ColumnElement[bool]:
    """Whether the contact of a row of `ContactSearch` has all the words of `q`, which has at least one.

    :param by: LITERAL for a text that the release before was asked for
    """
    if by == LITERAL:
        return _has_literally(normalize(q))
    parts = folding.wanted(q)
    if not parts:
        # No word is no reason to find every contact.
        return false()
    in_folded = and_(*(ContactSearch.folded.contains(part, autoescape=True) for part in parts))
    return or_(in_folded, and_(is_stale(), *map(_has_literally, normalize(q).split())))


def contact_matches(
    contact_id: ColumnElement[int] | InstrumentedAttribute[int], condition: ColumnElement[bool]
) -> ScalarSelect[bool]:
    """Whether `condition` holds for the search text of one contact, looked up by its id."""
    return select(condition).where(ContactSearch.contact_id == contact_id).scalar_subquery()


def _has_literally(text: str) -> ColumnElement[bool]:
    is_short = len(text) < folding.ANYWHERE_FROM
    return ContactSearch.text.contains(f" {text}" if is_short else text, autoescape=True)
