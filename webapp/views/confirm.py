"""The dialog before a restore: its scope, the consequences, and the signed scope that "Restore" sends."""

from dataclasses import dataclass

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.queries import active_job, find_job
from webapp.restoring.question import Question, about_all, about_selection, about_the_rest
from webapp.restoring.recycle_bin import BinWindow, deleters
from webapp.restoring.request import scope_of
from webapp.restoring.work import RESTORE
from webapp.views.restore_page import ADDRESS, read_requested_filters, refuse
from webapp.web.address import address, local_path
from webapp.web.errors import error as refuse_with
from webapp.web.htmx import page_or_part
from webapp.web.progress import Progress, progress_of
from webapp.web.selection import read_selected_ids
from webapp.web.signing import sign
from webapp.words import restoring as words


@dataclass(frozen=True)
class RestoreQuestion:
    """The dialog, for its template."""

    title: str
    scope: str
    skips: list[str]
    token: str
    error: str | None
    running: Progress | None
    can_restore_any: bool
    # The target of Cancel when the dialog is a page: the same filters and selection. The form sends it along,
    # so that no answer to the form loses them.
    back: str
    # Whether to link the list of restores: a restore that is just being started has no page of its own yet.
    see_restores: bool = False


def confirm_selected() -> ResponseReturnValue:
    """The dialog for the selected contacts."""
    ids, complaint = read_selected_ids()
    if complaint or not ids:
        return refuse(complaint or "Select at least one contact first.")
    question = about_selection(db.session(), current_user.workspace_id, ids, read_clock(db.session()))
    if not question.any_in_bin:
        return refuse("None of the selected contacts is still deleted.")
    return show(question)


def confirm_all() -> ResponseReturnValue:
    """The dialog for all contacts that match the filters."""
    session = db.session()
    now = read_clock(session)
    typed, _ = read_requested_filters(BinWindow(current_user.workspace_id, as_of=now))
    if typed.meaning is None:
        return refuse("Correct the search first. Nothing was changed.")
    question = about_all(session, current_user.workspace_id, typed.meaning, now)
    if not question.can_restore_any:
        return refuse("No deleted contact matches." if typed.any else "There is nothing to restore.")
    return show(question)


def continue_restore(job_id: int) -> ResponseReturnValue:
    """The dialog for the contacts that a failed or cancelled job has left. "Restore" starts a new job."""
    session = db.session()
    job = find_job(session, current_user.workspace_id, RESTORE.kind, job_id)
    if job is None or not job.can_be_continued:
        abort(404)
    scope = scope_of(job)
    if scope.is_forgotten:
        sentence = "The search of this restore is no longer kept. Search the deleted contacts again."
        return refuse_with(410, sentence, back=(url_for("restore_page"), "See deleted contacts"))
    question = about_the_rest(session, scope, read_clock(session))
    if not question.can_restore_any:
        return refuse_with(409, "None of the remaining contacts can be restored any more.")
    return show(question)


def show(
    question: Question, *, error: str | None = None, status: int = 200, see_restores: bool = False
) -> Response:
    """The dialog for `question`. While a job runs, a link to it replaces the button.

    `see_restores` adds a link to the list of restores, for a conflict with a job that has no page yet.
    """
    session, scope = db.session(), question.scope
    now = read_clock(session)
    job = active_job(session, current_user.workspace_id, RESTORE.group)
    running = progress_of(job, now) if job else None
    if running and status == 200:
        status = 409
    people = dict(deleters(session, BinWindow(current_user.workspace_id, as_of=now))) if scope.filters else {}
    asked = RestoreQuestion(
        title=words.dialog_title(scope),
        scope=words.scope_words(scope, zone=current_user.workspace.zone, people=people),
        skips=words.skips(scope),
        token=sign(scope),
        error=error,
        running=running,
        see_restores=see_restores and not running,
        can_restore_any=question.can_restore_any,
        back=local_path(request.values.get("back"))
        or address("restore_page", ADDRESS, selected=read_selected_ids()[0] or scope.ids),
    )
    return page_or_part("restore/confirm.html", "restore/_confirm.html", question=asked, status=status)
