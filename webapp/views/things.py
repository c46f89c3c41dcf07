"""Lists, tags and accounts: the page of all of a kind, and the page of one with its contacts."""

from dataclasses import dataclass, replace
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.characters import name_key
from webapp.contacts import find, things
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.contacts.things import Thing
from webapp.contacts.wanted import Wanted
from webapp.extensions import db
from webapp.models.mailing_list import SubscriptionStatus
from webapp.restoring.filters import why_unsearchable
from webapp.views.thing_kinds import ThingKind
from webapp.web import browse
from webapp.web.browse import PAGE_SIZE, Listing
from webapp.words.contacts import name_of

STATUSES = [(str(status), status.capitalize()) for status in SubscriptionStatus]


@dataclass(frozen=True)
class ThingRow:
    id: int
    name: str
    href: str
    # None where the contacts that were looked at are all deleted, and there are more.
    contacts: Amount | None


@dataclass(frozen=True)
class Things(Listing):
    """The lists, tags or accounts whose names have the text `q`."""

    page_template = "things/index.html"
    results_template = "things/_index.html"
    filters = ("q",)

    kind: ThingKind
    q: str
    q_error: str | None

    @classmethod
    def from_request(cls, kind: ThingKind) -> "Things":
        """Read the search of this request."""
        q = request.args.get("q", "").strip()
        return cls(kind, q[:1000], why_unsearchable(q))

    @property
    def endpoint(self) -> str:
        return self.kind.index

    @property
    def noun(self) -> str:
        return self.kind.noun

    @property
    def order(self) -> Keyset:
        return things.by_name(self.kind.model)

    @property
    def errors(self) -> dict[str, str]:
        return {"q": self.q_error} if self.q_error else {}

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        session, model = db.session(), self.kind.model
        where = model, current_user.workspace_id, name_key(self.q)
        page = things.read_things(session, *where, size=PAGE_SIZE, after=after, before=before)
        counted = things.amounts(session, model, [row[0].id for row in page.rows])
        rows: list[Any] = [(row[0], counted.get(row[0].id)) for row in page.rows]
        return Page(rows, page.older, page.newer), Amount.on(page, PAGE_SIZE)

    def row(self, record: Any) -> ThingRow:
        thing, contacts = record
        return ThingRow(thing.id, thing.name, self.kind.href(row_id=thing.id), contacts)


@dataclass(frozen=True)
class MemberRow:
    id: int
    name: str
    email: str
    # Its subscription's status, if this is a list.
    status: SubscriptionStatus | None


@dataclass(frozen=True)
class ThingContacts(Listing):
    """The live contacts of one list, tag or account; of a list perhaps only those with one `status`."""

    page_template = "things/page.html"
    results_template = "things/_contacts.html"
    noun = "contact"
    order = find.NEWEST_FIRST

    kind: ThingKind
    thing: Thing
    status: SubscriptionStatus | None = None
    status_error: str | None = None

    @classmethod
    def from_request(cls, kind: ThingKind, thing_id: int) -> "ThingContacts":
        """Read the filter of this request. Answers 404 if there is no such list, tag or account."""
        thing = kind.find_or_404(thing_id)
        typed = request.args.get("status", "") if kind.has_status else ""
        try:
            return cls(kind, thing, SubscriptionStatus(typed) if typed else None)
        except ValueError:
            return cls(kind, thing, status_error="Choose a status from the list.")

    @property
    def endpoint(self) -> str:
        return self.kind.page

    @property
    def count_endpoint(self) -> str:
        return self.kind.endpoint("count")

    @property
    def filters(self) -> tuple[str, ...]:
        return ("status",) if self.kind.has_status else ()

    @property
    def arguments(self) -> dict[str, Any]:
        return {"thing_id": self.thing.id}

    @property
    def statuses(self) -> list[tuple[str, str]]:
        """The choices of the filter."""
        return STATUSES

    @property
    def errors(self) -> dict[str, str]:
        return {"status": self.status_error} if self.status_error else {}

    @property
    def wanted(self) -> Wanted:
        return things.wanted_of(self.kind.model, self.thing.id, current_user.workspace_id, self.status)

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        session, wanted = db.session(), self.wanted
        page = find.read_page(session, wanted, size=PAGE_SIZE, after=after, before=before)
        total = find.count_quickly(session, wanted, page, PAGE_SIZE)
        contacts = [row[0] for row in page.rows]
        statuses = {}
        if self.kind.has_status:
            statuses = things.statuses_on(session, self.thing.id, [contact.id for contact in contacts])
        rows: list[Any] = [(contact, statuses.get(contact.id)) for contact in contacts]
        return replace(page, rows=rows), total

    def count(self) -> int:
        return find.count(db.session(), self.wanted)

    def row(self, record: Any) -> MemberRow:
        contact, status = record
        return MemberRow(contact.id, name_of(contact), contact.email or "", status)

    def change_href(self, row: MemberRow) -> str:
        """The address of the dialog that changes the contact's status."""
        return url_for("ask_status", thing_id=self.thing.id, contact=row.id, back=self.address())


def index(kind: ThingKind) -> ResponseReturnValue:
    """The page of all of a kind, or for htmx its results."""
    return browse.show_page(Things.from_request(kind))


def page(kind: ThingKind, thing_id: int) -> ResponseReturnValue:
    """The page of one with its contacts, or for htmx its results."""
    return browse.show_page(ThingContacts.from_request(kind, thing_id))


def count(kind: ThingKind, thing_id: int) -> ResponseReturnValue:
    """The exact number of its contacts."""
    return browse.show_count(ThingContacts.from_request(kind, thing_id))
