"""Exporting: the dialog about what a page shows, the start, and the report with its download."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.exporting.deleted import DeletedContacts
from webapp.exporting.live import LiveContacts
from webapp.exporting.outcomes import KINDS, Report
from webapp.exporting.source import Source
from webapp.exporting.work import NothingToExport
from webapp.extensions import db
from webapp.jobs.start import already_started, start
from webapp.jobs.work import Order
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.named import Deleted, deleter_named, deletions_named
from webapp.time_limits import TookTooLong
from webapp.views import overview, restore_page
from webapp.views.jobs import find_or_404 as find_job_or_404
from webapp.web import browse
from webapp.web.address import CURSORS, address, local_path
from webapp.web.counting import Busy, turn
from webapp.web.dates import account_dates
from webapp.web.dialogs import show_dialog
from webapp.web.errors import error
from webapp.web.job_address import job_href
from webapp.web.job_page import find_or_404
from webapp.web.signing import ScopeForged, confirmed, freeze
from webapp.web.starting import begin
from webapp.words import exporting as words
from webapp.worker.kinds import EXPORT
from webapp.worker.services import services

TOO_OLD = "This has been open for more than 30 minutes. Nothing was exported. Check it again."
FORGOTTEN = "The search of this export is no longer kept. Search the contacts again."
NOTHING = "There is nothing to export: no contact matches."
# The dialog says how many contacts there are if counting them takes no longer, in seconds.
COUNTS_FOR = 1.0


@dataclass(frozen=True)
class ExportQuestion:
    """The dialog, for its template. `back` is the target of Cancel when the dialog is a page."""

    title: str
    scope: str
    lines: list[str]
    token: str
    back: str
    error: str | None = None


def ask_export_contacts() -> ResponseReturnValue:
    """The dialog about the contacts that the overview shows."""
    listing = overview.LiveContacts.from_request()
    if listing.errors:
        return browse.refuse(listing, "Correct the search first. Nothing was exported.")
    names = {name: text for name, text in listing.typed.items() if name != "status" and text}
    if listing.restored_title:
        names["restored_by"] = listing.restored_title
    back = address(listing.endpoint, listing.filters + CURSORS)
    source = LiveContacts.freeze(db.session(), listing.wanted, names)
    total = _count(source)
    if total == 0:
        return browse.refuse(listing, NOTHING)
    return _show(source, total, back)


def ask_export_deleted() -> ResponseReturnValue:
    """The dialog about the contacts that Restore Contacts shows."""
    session = db.session()
    now = read_clock(session)
    typed = restore_page.read_requested_filters(BinWindow(current_user.workspace_id, as_of=now))
    if typed.meaning is None:
        return restore_page.refuse("Correct the search first. Nothing was exported.")
    source = DeletedContacts.freeze(session, current_user.workspace_id, typed.meaning, now)
    total = _count(source)
    if total == 0:
        return restore_page.refuse(NOTHING)
    return _show(source, total, address("restore_page", restore_page.ADDRESS))


def ask_export_report(job_id: int) -> ResponseReturnValue:
    """The dialog about the report of a restore or an undo."""
    job = find_or_404(job_id, *KINDS)
    if not job.has_ended:
        abort(404)
    source = Report.of(job, EXPORT.lines)
    return _show(source, _count(source), job_href(job))


def export_again(job_id: int) -> ResponseReturnValue:
    """The dialog about what an earlier export was asked for, as it is now."""
    job = find_job_or_404(job_id, EXPORT.kind)
    source = EXPORT.source_of(job)
    if not EXPORT.may_see(current_user, source):
        abort(403)
    if source.is_forgotten:
        return error(410, FORGOTTEN, back=(url_for("overview"), "See contacts"))
    session = db.session()
    source = source.anew(session, read_clock(session))
    return _show(source, _count(source), job_href(job))


def start_export() -> ResponseReturnValue:
    """Start the export that a dialog has frozen, and go to its page. A form that is sent twice starts one."""
    session, s = db.session(), services()
    try:
        asked = confirmed(EXPORT.kind, request.form.get("export", ""))
    except ScopeForged:
        return error(400, "This confirmation is incomplete. Open it again. Nothing was exported.")
    source = EXPORT.source(current_user.workspace_id, asked.request)
    order = Order(
        current_user.workspace_id,
        current_user.id,
        asked.key,
        asked.request,
        total=asked.request["total"],
    )
    back = local_path(request.form.get("back")) or url_for("overview")

    def again(sentence: str, status: int) -> Response:
        now_meant = source.anew(session, read_clock(session))
        return _show(now_meant, _count(now_meant), back, error=sentence, status=status)

    # A confirmation that has been used leads to its job, however old it is.
    if asked.is_old(read_clock(session)) and already_started(session, EXPORT, order) is None:
        return again(TOO_OLD, 409)
    try:
        return begin(
            lambda: start(session, s.lock, s.doorbell.ring, EXPORT, order),
            again,
            group=EXPORT.group,
            key=order.key,
        )
    except NothingToExport:
        return error(404, "This report is not here any more. Nothing was exported.")


def _show(
    source: Source, total: int | None, back: str, *, error: str | None = None, status: int = 200
) -> Response:
    session = db.session()
    now = read_clock(session)
    people: dict[int, str] = {}
    deletions: Mapping[int, Deleted] = {}
    if isinstance(source, DeletedContacts):
        people = deleter_named(session, current_user.workspace_id, source.filters.deleted_by)
        deletions = deletions_named(session, current_user.workspace_id, source.filters.deletion)
    question = ExportQuestion(
        title=words.title(source, total),
        scope=words.describe(source, dates=account_dates(), people=people, deletions=deletions),
        lines=words.consequences(source),
        token=freeze(EXPORT.kind, source.to_request() | {"total": total}, now),
        back=local_path(request.values.get("back")) or back,
        error=error,
    )
    return show_dialog(
        "exports/_confirm.html", here="jobs", status=status, title=question.title, question=question
    )


def _count(source: Source) -> int | None:
    """How many contacts there are, if counting them takes a moment only, and no one else is counting."""
    try:
        with turn(COUNTS_FOR):
            return source.count(db.session())
    except (Busy, TookTooLong):
        return None
