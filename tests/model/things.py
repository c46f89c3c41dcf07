"""The nouns of the model. Objects are compared by identity: a list that is created again is another one."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

SUBSCRIBED, BOUNCED, UNSUBSCRIBED, UNCONFIRMED = "subscribed", "bounced", "unsubscribed", "unconfirmed"
STRICTNESS = {SUBSCRIBED: 0, UNCONFIRMED: 1, BOUNCED: 2, UNSUBSCRIBED: 2}


class Details(NamedTuple):
    """What a person types about a contact."""

    email: str | None
    first_name: str
    last_name: str
    account: "Thing | None" = None
    phone: str = ""

    @property
    def address(self) -> str | None:
        """The e-mail in its form for comparison: trimmed and in lower case, an international domain in
        Punycode, or None if empty."""
        local, at, domain = (self.email or "").strip().lower().partition("@")
        return f"{local}{at}{domain.encode('idna').decode()}" or None

    @property
    def as_stored(self) -> "Details":
        """As they are shown afterwards: without spaces around the e-mail."""
        return self._replace(email=(self.email or "").strip() or None)


class Told:
    """In the story that Hypothesis prints it stands as its `repr`, not with everything that hangs on it."""

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))


@dataclass(eq=False, repr=False)
class Thing(Told):
    """A list, a tag or an account."""

    kind: str
    name: str
    number: int
    deleted_at: datetime | None = None

    @property
    def deleted(self) -> bool:
        return self.deleted_at is not None

    def is_called(self, name: str) -> bool:
        """Whether the name looks the same: case, spaces and invisible characters do not count, accents do."""
        return _folded(name) == _folded(self.name)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} #{self.number}{' deleted' if self.deleted else ''}>"


@dataclass(eq=False, repr=False)
class Job(Told):
    """A restore, or the undoing of one."""

    state: str = "queued"
    ended_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        return self.state in ("queued", "running")

    def end(self, state: str, now: datetime) -> None:
        self.state, self.ended_at = state, now

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state} {self.ended_at or ''}>"


@dataclass(eq=False, repr=False)
class Deletion:
    number: int
    at: datetime
    by: str | None
    contacts: "list[Contact]"
    # Its contacts with the lists for which they were mailable when it deleted them (rule 9).
    mailable: "set[tuple[Contact, Thing]]"


@dataclass(eq=False, repr=False)
class Contact(Told):
    number: int
    details: Details
    created_at: datetime
    lists: dict[Thing, str] = field(default_factory=dict)
    tags: set[Thing] = field(default_factory=set)
    # The deletion it is deleted by; None while it lives.
    deletion: Deletion | None = None
    # The live contact that it has become a part of.
    merged_into: "Contact | None" = None
    # Each with its kind and its text.
    notes: list[tuple[str, str]] = field(default_factory=list)
    # How often, and when last, something changed it.
    writes: int = 0
    written_at: datetime | None = None
    # How often it came back from the bin: this changes nothing of it, and yet makes it another restore's.
    returns: int = 0
    # It is gone for good: purged, or deleted for ever.
    vanished: bool = False
    # The latest undo that has put it back into the bin.
    put_back_by: Job | None = None

    @property
    def is_live(self) -> bool:
        return self.deletion is None

    @property
    def address(self) -> str | None:
        return self.details.address

    def is_associated_with(self, thing: Thing) -> bool:
        return thing in self.lists or thing in self.tags or thing is self.details.account

    @property
    def stamp(self) -> tuple[int, int]:
        """The same at two moments only if nothing has changed the contact between them."""
        return self.writes, self.returns

    def count_write(self, now: datetime) -> None:
        self.writes += 1
        self.written_at = now

    def __repr__(self) -> str:
        state = "live" if self.deletion is None else f"deleted by {self.deletion.number}"
        state += f", merged into #{self.merged_into.number}" if self.merged_into else ""
        return f"<contact #{self.number} {self.details.first_name} {self.details.email} {state}>"


@dataclass(eq=False, repr=False)
class Place:
    """A contact's place on a deal and its time; `order` orders places of the same time."""

    contact: Contact
    since: datetime
    order: int


@dataclass(eq=False, repr=False)
class Deal(Told):
    number: int
    title: str = "A deal"
    # Grows with each change of its title.
    version: int = 1
    deleted: bool = False
    # The deletion that took its last contact, and so the deal; None if it was deleted by hand.
    deleted_by: Deletion | None = None
    primary: Contact | None = None
    places: list[Place] = field(default_factory=list)
    # The places that a deletion of contacts detached; a restore attaches them again. A contact has one place.
    detached: list[tuple[Deletion, Place]] = field(default_factory=list)

    @property
    def contacts(self) -> list[Contact]:
        """The contacts on it, the longest-attached first."""
        return [p.contact for p in sorted(self.places, key=lambda place: (place.since, place.order))]

    def lost_place(self, contact: Contact) -> Place | None:
        """The place from which the deletion of the contact has detached it."""
        places = (p for gone, p in self.detached if p.contact is contact and gone is contact.deletion)
        return next(places, None)

    def take_back(self, contact: Contact) -> Place | None:
        """The place that the contact had, by whatever deletion it was detached from it: it is no longer."""
        place = next((place for _, place in self.detached if place.contact is contact), None)
        self.detached = [pair for pair in self.detached if pair[1] is not place]
        return place

    def detach(self, contact: Contact, deletion: Deletion) -> None:
        """The deletion takes the contact's place, and gives it back with the contact."""
        [place] = [place for place in self.places if place.contact is contact]
        self.places.remove(place)
        self.detached.append((deletion, place))

    def choose_new_primary(self) -> None:
        self.primary = self.contacts[0] if self.places else None

    def __repr__(self) -> str:
        return f"<deal #{self.number}{' deleted' if self.deleted else ''}>"


def _folded(name: str) -> list[str]:
    return unicodedata.normalize("NFKC", name.replace("\u200b", "")).casefold().split()
