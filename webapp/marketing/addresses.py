"""The contacts that have an address, whatever has become of them.

Live ones are found by the unique index of their keys. No index has the keys of deleted ones, because
deleting and restoring would have to write it; the index of search texts finds those that can have the
address, and each is looked up. Of an address whose hash alone is known, its start finds the contacts.
"""

from sqlalchemy import ColumnElement, and_, or_, select, union_all
from sqlalchemy.orm import Session

from webapp.database import sha256_hex
from webapp.folding import words
from webapp.marketing.consent import HASH_START
from webapp.models import Contact, ContactSearch
from webapp.models.base import filter_only, is_one_of
from webapp.models.contact import is_stale, live_holder


def holders(session: Session, workspace_id: int, email_key: str) -> set[int]:
    """The ids of the contacts that have the address, live, deleted and merged."""
    alive = session.scalar(select(live_holder(email_key, workspace_id)))
    found = (
        select(ContactSearch.contact_id.label("id"))
        .where(ContactSearch.workspace_id == workspace_id, can_have(email_key))
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    has_it = filter_only(Contact.email_key == email_key)
    others = select(Contact.id).where(is_one_of(Contact.id, select(found.c.id)), has_it)
    return {*session.scalars(others)} | ({alive} if alive is not None else set())


def key_of_hash(session: Session, workspace_id: int, address_hash: str) -> str | None:
    """The key of the address with this hash, if a contact of the workspace has it, live or not."""
    here = ContactSearch.workspace_id == workspace_id
    of_contact = select(ContactSearch.contact_id.label("id"))
    # Those that the release before has written as well.
    found = union_all(
        of_contact.where(ContactSearch.hash_start == address_hash[:HASH_START], filter_only(here)),
        of_contact.where(ContactSearch.hash_start.is_(None), here),
    ).subquery()
    has_it = filter_only(sha256_hex(Contact.email_key) == address_hash)
    return session.scalar(
        select(Contact.email_key).where(is_one_of(Contact.id, select(found.c.id)), has_it).limit(1)
    )


def can_have(email_key: str) -> ColumnElement[bool]:
    """Whether the contact of a row of `ContactSearch` can have the address with this key.

    Part by part, because a key is not spelled as the address was typed: the parts of its domain can be in
    Punycode there, and other dots than ours between them.
    """
    local, at, domain = email_key.rpartition("@")
    parts = [[local + at], *([label, _punycode(label)] for label in domain.split("."))]
    if not at:
        parts = [[email_key]]
    return or_(and_(*map(_has_one_of, parts)), is_stale())


def _has_one_of(spellings: list[str]) -> ColumnElement[bool]:
    forms = dict.fromkeys(" ".join(words(spelling)).strip() for spelling in spellings)
    return or_(*(ContactSearch.folded.contains(form, autoescape=True) for form in forms))


def _punycode(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()
