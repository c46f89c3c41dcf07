"""Contacts Overview: the live contacts as a list page, and the page of one contact."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.contacts import find
from webapp.contacts.find import Wanted
from webapp.contacts.keyset import Page, Place
from webapp.contacts.search import Amount
from webapp.extensions import db
from webapp.jobs.queries import find_job
from webapp.models.restore_outcome import Outcome
from webapp.restoring.filters import why_unsearchable
from webapp.restoring.work import RESTORE
from webapp.views.notices import deletion_notices
from webapp.web import browse
from webapp.web.browse import PAGE_SIZE, SelectableListing
from webapp.web.paging import requested_number
from webapp.words.contacts import name_of
from webapp.words.kinds import title


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
    bar_template = "contacts/_bar.html"
    noun = "contact"
    filters = ("q", "restored_by")
    order = find.NEWEST_FIRST

    q: str
    wanted: Wanted
    q_error: str | None = None
    # The name of the job `wanted.restored_by`: "Restore #12".
    restored_title: str = ""

    @classmethod
    def from_request(cls) -> "LiveContacts":
        """Read the filters of this request. Answers 404 to a restore that does not exist."""
        q = request.args.get("q", "").strip()
        problem = why_unsearchable(q)
        wanted = Wanted(current_user.workspace_id, "" if problem else " ".join(q.split()))
        restored_by, restored_title = requested_number("restored_by"), ""
        if restored_by is not None:
            job = find_job(db.session(), current_user.workspace_id, [RESTORE.kind], restored_by)
            if job is None:
                abort(404, "There is no such restore. The address may have a typing mistake.")
            wanted = replace(wanted, restored_by=job.id, restored=job.count(Outcome.RESTORED))
            restored_title = title(job)
        return cls(q[:1000], wanted, problem, restored_title)

    @property
    def errors(self) -> dict[str, str]:
        return {"q": self.q_error} if self.q_error else {}

    @property
    def is_filtered(self) -> bool:
        return self.wanted != self._everything

    @property
    def _everything(self) -> Wanted:
        return Wanted(self.wanted.workspace_id)

    def match_selection(self, ids: list[int]) -> dict[int, bool]:
        live = find.filter_selection(db.session(), self._everything, ids)
        matching = find.filter_selection(db.session(), self.wanted, live) if self.is_filtered else live
        return {contact_id: contact_id in matching for contact_id in live}

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        session = db.session()
        page = find.read_page(session, self.wanted, size=PAGE_SIZE, after=after, before=before)
        return page, find.count_quickly(session, self.wanted, page, PAGE_SIZE)

    def read_selected(self, ids: list[int]) -> tuple[Page, Amount]:
        return find.read_selected(db.session(), self.wanted.workspace_id, ids), Amount(len(ids))

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
