"""Contacts Overview: the live contacts as a list page, and the page of one contact."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import abort, current_app, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.contacts import find
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.contacts.wanted import Sizes, Wanted
from webapp.extensions import db
from webapp.jobs.queries import find_job
from webapp.models import Right
from webapp.models.mailing_list import SubscriptionStatus
from webapp.restoring.filters import why_unsearchable
from webapp.restoring.work import RESTORE
from webapp.views.notices import deletion_notices
from webapp.views.overview_filters import NAMED_FILTERS, read_filters
from webapp.web import browse
from webapp.web.browse import PAGE_SIZE, SelectableListing, matching_shown
from webapp.web.paging import requested_number
from webapp.web.selection import Selection
from webapp.words.contacts import name_of
from webapp.words.kinds import title
from webapp.words.numbers import number
from webapp.workspaces.first_steps import is_new

ORDERS: Mapping[str, Keyset] = {
    "": find.NEWEST_FIRST,
    "oldest": find.OLDEST_FIRST,
    "name": find.BY_NAME,
    "name-z": find.BY_NAME_BACKWARDS,
    "account": find.BY_ACCOUNT,
    "account-z": find.BY_ACCOUNT_BACKWARDS,
}
SORTS = {
    "": "Newest first",
    "oldest": "Oldest first",
    "name": "Name, A to Z",
    "name-z": "Name, Z to A",
    "account": "Account, A to Z",
    "account-z": "Account, Z to A",
}


@dataclass(frozen=True)
class ContactRow:
    id: int
    name: str
    email: str
    account: str
    created_at: datetime


@dataclass(frozen=True)
class LiveContacts(SelectableListing):
    """The live contacts that this request selects: by the search text `q`, or those restored by one job."""

    endpoint = "overview"
    bar_endpoint = "overview_selection"
    count_endpoint = "overview_count"
    page_template = "contacts/overview.html"
    results_template = "contacts/_results.html"
    count_template = "contacts/_count.html"
    bar_template = "contacts/_bar.html"
    noun = "contact"
    filters = ("q", "restored_by", "sort", *NAMED_FILTERS, "status")

    q: str
    wanted: Wanted
    # A sentence for each field that cannot be read.
    wrong: Mapping[str, str] = field(default_factory=dict)
    # The name of the job `wanted.restored_by`: "Restore #12".
    restored_title: str = ""
    # What is typed in the filters, by field.
    typed: Mapping[str, str] = field(default_factory=dict)
    # The order that was asked for.
    asked: str = ""

    @classmethod
    def from_request(cls) -> "LiveContacts":
        """Read the filters of this request.

        Answers 404 to a restore that does not exist, and 403 to users who may not see restores: without the
        filter "all" would mean more than they asked for.
        """
        q = request.args.get("q", "").strip()
        problem = why_unsearchable(q)
        wrong = {"q": problem} if problem else {}
        wanted = Wanted(current_user.workspace_id, "" if problem else " ".join(q.split()))
        restored_by, restored_title = requested_number("restored_by"), ""
        if restored_by is not None:
            if not current_user.may_restore:
                abort(403)
            job = find_job(db.session(), current_user.workspace_id, [RESTORE.kind], restored_by)
            if job is None:
                abort(404, "There is no such restore. The address may have a typing mistake.")
            wanted = replace(wanted, restored_by=job.id)
            restored_title = title(job)
        filters = read_filters(request.args, wanted)
        wrong |= filters.wrong
        sort = request.args.get("sort", "")
        if sort not in ORDERS:
            wrong, sort = wrong | {"sort": "Choose an order from the list."}, ""
        return cls(q[:1000], filters.wanted, wrong, restored_title, filters.typed, sort)

    @cached_property
    def sizes(self) -> Sizes | None:
        """How many contacts each filter has, if there are filters."""
        return find.measure_sources(db.session(), self.wanted) if find.is_filtered(self.wanted) else None

    @property
    def is_too_long(self) -> bool:
        """Whether sorting as was asked takes too long."""
        return self.sizes is not None and not find.is_sortable(self.wanted, ORDERS[self.asked], self.sizes)

    @property
    def sort(self) -> str:
        return "" if self.is_too_long else self.asked

    @property
    def order(self) -> Keyset:
        return ORDERS[self.sort]

    @property
    def errors(self) -> Mapping[str, str]:
        return self.wrong

    @property
    def orders(self) -> list[tuple[str, str]]:
        """The choices beside the newest first."""
        return [(sort, label) for sort, label in SORTS.items() if sort]

    @property
    def statuses(self) -> list[tuple[str, str]]:
        return [(str(status), status.capitalize()) for status in SubscriptionStatus]

    @property
    def is_new(self) -> bool:
        """Whether the account has no contact at all. Asked where the page has none to show."""
        return not self.is_filtered and is_new(db.session(), self.wanted.workspace_id)

    @property
    def can_load_demo(self) -> bool:
        return not current_app.config["PRODUCTION"] and bool(current_user.may(Right.SETTINGS))

    @property
    def may_export(self) -> bool:
        return bool(current_user.may(Right.EXPORT))

    @property
    def may_import(self) -> bool:
        return bool(current_user.may(Right.IMPORT))

    @property
    def is_filtered(self) -> bool:
        return self.wanted != self._everything

    @property
    def has_more_filters(self) -> bool:
        return any(self.typed.values())

    @property
    def _everything(self) -> Wanted:
        return Wanted(self.wanted.workspace_id)

    def match_selection(self, ids: list[int]) -> dict[int, bool]:
        live = find.filter_selection(db.session(), self._everything, ids)
        matching = find.filter_selection(db.session(), self.wanted, live) if self.is_filtered else live
        return {contact_id: contact_id in matching for contact_id in live}

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        session = db.session()
        page = find.read_page(
            session,
            self.wanted,
            size=PAGE_SIZE,
            order=self.order,
            after=after,
            before=before,
            sizes=self.sizes,
        )
        return page, find.count_quickly(session, self.wanted, page, PAGE_SIZE)

    def read_selected(self, ids: list[int]) -> tuple[Page, Amount]:
        return find.read_selected(db.session(), self.wanted.workspace_id, ids, self.order), Amount(len(ids))

    def count(self) -> int:
        return find.count(db.session(), self.wanted)

    def row(self, record: Any) -> ContactRow:
        contact, account = record
        return ContactRow(
            id=contact.id,
            name=name_of(contact),
            email=contact.email or "",
            account=account or "",
            created_at=contact.created_at,
        )

    def bar_context(self, selection: Selection, total: Amount | None) -> dict[str, object]:
        """The label of the button that deletes all that match, where it is offered."""
        if selection.is_shown or self.errors or not current_user.may(Right.DELETE_MANY):
            return {"all_label": None}
        matching = total or matching_shown()
        if matching == Amount(0):
            return {"all_label": None}
        return {"all_label": self.all_label(matching)}

    def all_label(self, matching: Amount | None) -> str:
        """ "Delete all 1,204"; without the number while it is not known."""
        if matching is not None and matching.exact:
            return f"Delete all {number(matching.number)}"
        return "Delete all that match" if self.is_filtered else "Delete all contacts"

    @property
    def filter_names(self) -> dict[str, str]:
        """What the filters by list, tag, account and restore are called, by their fields."""
        named = {name: self.typed[name] for name in NAMED_FILTERS if self.typed.get(name)}
        return named | ({"restored_by": self.restored_title} if self.restored_title else {})

    def page_context(self) -> dict[str, object]:
        """The notices above the table, which an update of the table does not redraw. Restored contacts have
        none."""
        back = self.address()
        is_about_a_restore = self.wanted.restored_by is not None
        return {"deletions": None if is_about_a_restore else deletion_notices(back)}


def overview() -> ResponseReturnValue:
    """The page, or for htmx its results."""
    return browse.show_page(LiveContacts.from_request())


def overview_selection() -> ResponseReturnValue:
    """The selection bar alone."""
    return browse.show_bar(LiveContacts.from_request())


def overview_count() -> ResponseReturnValue:
    """The exact number of contacts."""
    return browse.show_count(LiveContacts.from_request())
