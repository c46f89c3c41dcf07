"""The dialog before a restore: its scope, the consequences, and the signed scope that "Restore" sends."""

from dataclasses import dataclass, replace
from datetime import datetime

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.queries import active_and_next, find_job
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters
from webapp.restoring.named import deleter_named, deletions_named
from webapp.restoring.question import (
    Question,
    about_again,
    about_all,
    about_other_choice,
    about_selection,
    about_skipped,
    about_the_rest,
)
from webapp.restoring.request import scope_of
from webapp.restoring.scope import Conflicts, Scope
from webapp.restoring.work import RESTORE
from webapp.views.plan import PlanShown, plan_soon
from webapp.views.restore_page import ADDRESS, read_requested_filters, refuse
from webapp.web.address import address, local_path
from webapp.web.counting import in_turn
from webapp.web.dates import account_dates
from webapp.web.errors import error as refuse_with
from webapp.web.htmx import page_or_part
from webapp.web.progress import Progress, progress_of
from webapp.web.selection import read_selected_ids
from webapp.web.sessions import request_time
from webapp.web.signing import ScopeForged, sign, unsign
from webapp.web.time_left import time_left
from webapp.words import restoring as words

TOO_OLD = "This has been open for more than 30 minutes. Nothing was restored. Check it again."


@dataclass(frozen=True)
class RestoreQuestion:
    """The dialog, for its template."""

    title: str
    scope: str
    plan: PlanShown
    token: str
    error: str | None
    running: Progress | None
    in_line: Progress | None
    can_restore_any: bool
    # How long the contacts can be restored.
    left: str
    # The target of Cancel when the dialog is a page: the same filters and selection. The form sends it along,
    # so that no answer to the form loses them.
    back: str
    # Whether to link the list of restores: a restore that is just being started has no page of its own yet.
    see_restores: bool = False


def confirm_selected() -> ResponseReturnValue:
    """The dialog for the selected contacts. Where none is selected, the button that lines up
    means all that match."""
    ids, complaint = read_selected_ids()
    if not ids and not complaint and request.args.get("line_up"):
        return confirm_all()
    if complaint or not ids:
        return refuse(complaint or "Select at least one contact first.")
    question = about_selection(db.session(), current_user.workspace_id, ids, read_clock(db.session()))
    if not question.any_in_bin:
        return refuse("None of the selected contacts is still deleted.")
    return show(question)


@in_turn()
def confirm_all() -> ResponseReturnValue:
    """The dialog for all contacts that match the filters."""
    session, now = db.session(), request_time()
    typed = read_requested_filters(BinWindow(current_user.workspace_id, as_of=now))
    if typed.meaning is None:
        return refuse("Correct the search first. Nothing was changed.")
    question = about_all(session, current_user.workspace_id, typed.meaning, now)
    if not question.can_restore_any:
        return _refuse("No deleted contact matches." if typed.any else "There is nothing to restore.")
    return show(question, now=now)


@in_turn()
def continue_restore(job_id: int) -> ResponseReturnValue:
    """The dialog for the contacts that a failed or cancelled job has left. "Restore" starts a new job."""
    session = db.session()
    job = find_job(session, current_user.workspace_id, [RESTORE.kind], job_id)
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


@in_turn()
def retry_skipped(job_id: int) -> ResponseReturnValue:
    """The dialog for the contacts that a restore has skipped, with the other choices about them."""
    session = db.session()
    job = find_job(session, current_user.workspace_id, [RESTORE.kind], job_id)
    if job is None or not job.has_ended:
        abort(404)
    question = about_skipped(session, job, read_clock(session))
    if not question.can_restore_any:
        back = url_for("restore_job", job_id=job.id), "Back to the report"
        return refuse_with(409, "None of the skipped contacts is still deleted.", back=back)
    return show(question)


@in_turn()
def confirm_again() -> ResponseReturnValue:
    """The dialog for the same frozen scope with another choice about conflicts and deals."""
    try:
        scope = unsign(request.form.get("scope", ""))
        conflicts, rescue = chosen(scope)
    except ScopeForged:
        return refuse_with(400, "This confirmation is incomplete. Open it again. Nothing was changed.")
    except ValueError:
        return refuse_with(422, "There is no such choice. Open the confirmation again. Nothing was changed.")
    session = db.session()
    now = read_clock(session)
    if scope.is_old(now):
        other = replace(scope, conflicts=conflicts, rescue=rescue)
        return show(about_again(session, other, now), error=TOO_OLD, status=409)
    return show(about_other_choice(session, scope, conflicts, rescue=rescue))


def chosen(scope: Scope) -> tuple[Conflicts, bool]:
    """What the form chooses about conflicts and deals: the scope's own choices where it offers none. Raises
    ValueError for a choice that does not exist."""
    if "chosen" not in request.form:
        return scope.conflicts, scope.rescue
    return Conflicts(request.form.get("conflicts", scope.conflicts)), request.form.get("rescue") == "1"


def _refuse(message: str) -> ResponseReturnValue:
    """Why no dialog was opened: in the bar of the deleted contacts, or on the page that the link was on."""
    back = _back()
    if back is None:
        return refuse(message)
    return refuse_with(422, f"{message} Nothing was changed.", back=(back, "Go back"))


def _back() -> str | None:
    """The page that the dialog was opened on, if that is not the page of deleted contacts."""
    return local_path(request.values.get("back"))


def show(
    question: Question,
    *,
    error: str | None = None,
    status: int = 200,
    see_restores: bool = False,
    now: datetime | None = None,
) -> Response:
    """The dialog for `question`. While a job runs, a link to it replaces the button.

    `see_restores` adds a link to the list of restores, for a conflict with a job that has no page yet. `now`
    is the time, if it was read before.
    """
    session, scope = db.session(), question.scope
    now = now or read_clock(session)
    job, waiting = active_and_next(session, current_user.workspace_id, RESTORE.group)
    running = progress_of(job, now) if job else None
    # Who asks for the place in line knows that a restore runs; the dialog is no conflict if it is free.
    if running and status == 200 and (waiting or not request.args.get("line_up")):
        status = 409
    filters = scope.filters or Filters()
    asked = RestoreQuestion(
        title=words.dialog_title(scope),
        scope=words.scope_words(
            scope,
            dates=account_dates(),
            people=deleter_named(session, current_user.workspace_id, filters.deleted_by),
            deletions=deletions_named(session, current_user.workspace_id, filters.deletion),
            now=now,
        ),
        left=time_left(session, scope, now),
        plan=plan_soon(scope),
        token=sign(scope),
        error=error,
        running=running,
        in_line=Progress(waiting, now) if waiting else None,
        see_restores=see_restores and not running,
        can_restore_any=question.can_restore_any,
        back=_back() or address("restore_page", ADDRESS, selected=read_selected_ids()[0] or scope.ids),
    )
    return page_or_part(
        "restore/confirm.html",
        "restore/_confirm.html",
        question=asked,
        shown=asked.plan,
        status=status,
    )
