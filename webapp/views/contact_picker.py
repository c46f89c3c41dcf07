"""Picking live contacts by a search, with and without JavaScript: those that are picked, and those that a
text finds."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from flask_login import current_user
from sqlalchemy import select

from webapp.contacts import find
from webapp.contacts.wanted import Wanted
from webapp.extensions import db
from webapp.models import Contact, live
from webapp.models.base import filter_only
from webapp.restoring.filters import why_unsearchable
from webapp.web.selection import read_ids
from webapp.words.contacts import name_of

# So many are shown; of more, the person types more of the name.
MOST = 8


@dataclass(frozen=True)
class Picked:
    id: int
    name: str
    email: str

    @classmethod
    def of(cls, contact: Contact) -> "Picked":
        return cls(contact.id, name_of(contact), contact.email or "")


@dataclass(frozen=True)
class Picker:
    """`find` is the text that was searched for, `found` what it finds among the contacts not picked yet."""

    find: str
    picked: list[Picked]
    found: list[Picked]
    more: bool = False
    error: str | None = None

    @property
    def ids(self) -> list[int]:
        """The contacts that are picked."""
        return [contact.id for contact in self.picked]

    @classmethod
    def from_request(cls, *, without: Sequence[int] = ()) -> "Picker":
        """Read the fields `contact` and `find` of this request. The contacts `without` are not found."""
        ids, complaint = read_ids(request.values.getlist("contact"))
        text = request.values.get("find", "").strip()
        picked = _live(ids) if ids else []
        problem = complaint or why_unsearchable(text)
        if problem or not text:
            return cls(text[:254], picked, [], error=problem)
        taken = {*without, *(contact.id for contact in picked)}
        page = find.read_page(
            db.session(),
            Wanted(current_user.workspace_id, " ".join(text.split())),
            size=MOST + len(taken),
        )
        found = [Picked.of(row[0]) for row in page.rows if row[0].id not in taken]
        return cls(text, picked, found[:MOST], more=len(found) > MOST or page.older is not None)


def _live(ids: Sequence[int]) -> list[Picked]:
    """Those that are live, in the order of the request."""
    alive = filter_only(live(current_user.workspace_id))
    contacts = db.session.scalars(select(Contact).where(Contact.id.in_(ids), alive))
    by_id = {contact.id: Picked.of(contact) for contact in contacts}
    return [by_id[contact_id] for contact_id in ids if contact_id in by_id]
