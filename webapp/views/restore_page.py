"""Restore Contacts: the contacts deleted within the last 30 days, as a list page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, cached_property, partial
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.contacts.keyset import Page, Place
from webapp.contacts.search import Amount
from webapp.extensions import db
from webapp.jobs.queries import active_and_next
from webapp.models import days_left, restorable_until
from webapp.restoring import recycle_bin
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import FIELDS, Filters, TypedFilters, read_filters
from webapp.restoring.named import deletions_named
from webapp.restoring.recycle_bin import Choices
from webapp.restoring.work import RESTORE
from webapp.views.bundles import BundleRows, latest_bundles
from webapp.web import browse
from webapp.web.address import CURSORS, LONGEST_NEXT
from webapp.web.browse import PAGE_SIZE, SelectableListing, matching_shown
from webapp.web.dates import account_dates
from webapp.web.progress import Progress, progress_of
from webapp.web.selection import Selection
from webapp.web.sessions import request_time
from webapp.web.template_filters import amount
from webapp.words.contacts import name_of
from webapp.words.filters import describe_filters, way_label
from webapp.words.isolation import isolated
from webapp.words.moments import ENDS_SOON_DAYS, days_left_words

FILTERS = FIELDS
# A search has met no match where it has looked, and there is more.
NOT_KNOWN = Amount(0, exact=False)
ADDRESS = FILTERS + CURSORS
# Of a field that cannot be read, so much is shown again; of the others, 40 characters.
LONGEST = {"q": 1000, "deletion": LONGEST_NEXT}


@dataclass(frozen=True)
class DeletedRow:
    id: int
    name: str
    email: str
    deleted_at: datetime
    deleted_by: str
    days_left: int

    @property
    def until(self) -> datetime:
        return restorable_until(self.deleted_at)

    @property
    def ends_soon(self) -> bool:
        return self.days_left <= ENDS_SOON_DAYS

    @property
    def time_left(self) -> str:
        return days_left_words(self.days_left)


@dataclass(frozen=True)
class RestoreActions:
    """The buttons of the bar, each with the reason why it is disabled, and the running restore."""

    running: Progress | None
    in_line: Progress | None
    all_label: str
    all_why_not: str | None
    selected_why_not: str | None
    # Whether the restore that comes after the running one can be confirmed: of the selection, or of all.
    can_line_up: bool
    # Whether the button for the selection is enabled. It also is with an empty selection, and then explains.
    selected_enabled: bool
    # Whether contacts can be deleted for ever: the selected ones, or else all that match.
    erase_enabled: bool


@dataclass(frozen=True)
class DeletedContacts(SelectableListing):
    """The deleted contacts that this request selects."""

    endpoint = "restore_page"
    bar_endpoint = "restore_selection"
    count_endpoint = "restore_count"
    page_template = "restore/page.html"
    results_template = "restore/_results.html"
    bar_template = "restore/_bar.html"
    count_template = "restore/_count.html"
    noun = "contact"
    total_noun = "deleted contact"
    filters = FILTERS
    order = recycle_bin.WALK

    window: BinWindow
    typed: TypedFilters
    # The choices of the filters "Deleted by" and "How". Read when the page shows them: a tick does not.
    offered: Callable[[], Choices]
    # The cursor of this request, as a field with its value, for a way back to the same page.
    place: tuple[str, str] | None = None

    @classmethod
    def from_request(cls) -> "DeletedContacts":
        """Read the filters of this request."""
        window = BinWindow(current_user.workspace_id, as_of=request_time())
        offered = cache(partial(recycle_bin.choices, db.session(), window))
        typed = read_requested_filters(window, offered)
        place = next(((name, request.args[name]) for name in CURSORS if request.args.get(name)), None)
        return cls(window, _shortened(typed), offered, place)

    @property
    def errors(self) -> Mapping[str, str]:
        return self.typed.errors

    @property
    def meaning(self) -> Filters:
        return self.typed.meaning or Filters()

    @property
    def ways(self) -> list[tuple[str, str]]:
        """The choices of the filter "How"."""
        return [(way, way_label(way)) for way in self.offered().ways]

    @cached_property
    def words(self) -> list[str]:
        """The filters that are set, each as a phrase."""
        numbers = self.meaning.deletion
        return describe_filters(
            self.meaning,
            dates=account_dates(),
            people=dict(self.offered().people) if self.meaning.deleted_by is not None else {},
            deletions=deletions_named(db.session(), self.window.workspace_id, numbers),
            now=self.window.as_of,
        )

    @cached_property
    def bundles(self) -> BundleRows | None:
        """The latest deletions, on the first page of a table without filters."""
        if self.typed.any or any(request.args.get(name) for name in ("show", *CURSORS)):
            return None
        return latest_bundles(self.window.as_of)

    def match_selection(self, ids: list[int]) -> dict[int, bool]:
        found = recycle_bin.match_selection(db.session(), self.window, self.meaning, ids)
        return {contact_id: matches and self.typed.valid for contact_id, matches in found.items()}

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        page = recycle_bin.read_page(
            db.session(), self.window, self.meaning, size=PAGE_SIZE, after=after, before=before
        )
        return page, Amount.on(page, PAGE_SIZE)

    def read_selected(self, ids: list[int]) -> tuple[Page, Amount]:
        # The total is still that of the filters, because "Restore all contacts" restores those.
        _, matching = self.read_page()
        return recycle_bin.read_selected(db.session(), self.window, ids), matching

    def count(self) -> int:
        return recycle_bin.count(db.session(), self.window, self.meaning)

    def row(self, record: Any) -> DeletedRow:
        contact, deleted_by = record
        return DeletedRow(
            id=contact.id,
            name=name_of(contact),
            email=contact.email or "",
            deleted_at=contact.deleted_at,
            deleted_by=deleted_by or "—",
            days_left=days_left(contact.deleted_at, self.window.as_of),
        )

    def bar_context(self, selection: Selection, total: Amount | None) -> dict[str, object]:
        if not self.typed.valid:
            total = Amount(0)
        matching = total or matching_shown() or self.read_page()[1]
        return {"actions": self.actions(selection, matching, self.running)}

    @property
    def running(self) -> Progress | None:
        """The restore that is running in this account."""
        return self._jobs[0]

    @property
    def in_line(self) -> Progress | None:
        """The restore that waits until that one has ended."""
        return self._jobs[1]

    @cached_property
    def _jobs(self) -> tuple[Progress | None, Progress | None]:
        active, waiting = active_and_next(db.session(), self.window.workspace_id, RESTORE.group)
        return (
            progress_of(active, self.window.as_of) if active else None,
            Progress(waiting, self.window.as_of) if waiting else None,
        )

    def actions(self, selection: Selection, matching: Amount, running: Progress | None) -> RestoreActions:
        """The state of the buttons for this selection and this number of matching contacts."""
        any_to_act_on = matching != Amount(0) or selection.count > 0
        waits = None
        if running:
            waits = f"{running.title} by {isolated(running.requested_by)} is running. One runs at a time."
        return RestoreActions(
            running=running,
            in_line=self.in_line if running else None,
            all_label=self.all_label(matching),
            all_why_not=waits or self._why_not_all(matching),
            selected_why_not=waits or _why_not_selected(selection),
            can_line_up=bool(running and not self.in_line and any_to_act_on),
            selected_enabled=not running and any_to_act_on,
            erase_enabled=not running and any_to_act_on,
        )

    def all_label(self, matching: Amount) -> str:
        """The label of the button that restores all matching contacts."""
        if not self.typed.valid:
            return "Restore all contacts"
        if matching == NOT_KNOWN:
            return "Restore all contacts that match"
        return f"Restore all contacts ({amount(matching)}{' matching' if self.typed.any else ''})"

    def _why_not_all(self, matching: Amount) -> str | None:
        if not self.typed.valid:
            return "Correct the search first."
        if matching == Amount(0):
            return "No contact matches." if self.typed.any else "There is nothing to restore."
        return None


def restore_page() -> ResponseReturnValue:
    """The page, or for htmx its results."""
    return browse.show_page(DeletedContacts.from_request())


def restore_selection() -> ResponseReturnValue:
    """The selection bar alone, or all of the results when the restore that the page watched has ended."""
    deleted = DeletedContacts.from_request()
    watched = request.args.get("watching")
    if watched and (deleted.running is None or watched != str(deleted.running.job.id)):
        return browse.show_results(deleted)
    return browse.show_bar(deleted)


def restore_count() -> ResponseReturnValue:
    """The exact number of deleted contacts that match."""
    deleted = DeletedContacts.from_request()
    if deleted.errors:
        abort(422, "Correct the search first. Nothing was counted.")
    return browse.show_count(deleted)


def refuse(message: str, status: int = 422) -> ResponseReturnValue:
    """Show in the selection bar why no dialog was opened; filters and selection are kept."""
    return browse.refuse(DeletedContacts.from_request(), message, status)


def read_requested_filters(window: BinWindow, offered: Callable[[], Choices] | None = None) -> TypedFilters:
    """The filters of this request. `offered` reads the choices of those that offer some, if one is set."""
    offered = offered or cache(partial(recycle_bin.choices, db.session(), window))
    typed = read_filters(request.args, zone=current_user.workspace.zone, now=window.as_of)
    by, how = (typed.meaning.deleted_by, typed.meaning.how) if typed.meaning else (None, "")
    errors = {}
    if by is not None and by not in dict(offered().people):
        errors["deleted_by"] = "This person has not deleted any contacts in the last 30 days."
    if how and how not in offered().ways:
        errors["how"] = "No contacts were deleted this way in the last 30 days."
    return replace(typed, meaning=None, errors=errors) if errors else typed


def _shortened(typed: TypedFilters) -> TypedFilters:
    """The same filters, with texts cut to a length that can be shown again."""
    return replace(typed, texts={name: text[: LONGEST.get(name, 40)] for name, text in typed.texts.items()})


def _why_not_selected(selection: Selection) -> str | None:
    if selection.over_limit:
        return f"Select at most {selection.limit} contacts, or use “Restore all contacts”."
    return None if selection.count else "Select contacts first."
