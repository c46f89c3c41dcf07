"""The dialog before a restore: what is meant, what comes back, and the signed scope that "Restore" sends."""

from dataclasses import dataclass

from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.queries import active_job, find_job
from webapp.restoring.question import Question, about_all, about_selection, about_the_rest
from webapp.restoring.recycle_bin import BinWindow, deleters
from webapp.restoring.scope import Scope
from webapp.restoring.work import RESTORE
from webapp.views.restore_page import ADDRESS, read_asked_filters, refuse
from webapp.web.address import address, our_path
from webapp.web.errors import error as refuse_with
from webapp.web.htmx import page_or_part
from webapp.web.progress import Progress, progress_of
from webapp.web.selection import ticked_here
from webapp.web.signing import sign
from webapp.words import restoring as words


@dataclass(frozen=True)
class Ask:
    """The dialog, for its template."""

    title: str
    scope: str
    skips: list[str]
    token: str
    error: str | None
    running: Progress | None
    can_restore_any: bool
    # Where Cancel leads when the dialog is a page: to the same filters and ticks. The form carries it along,
    # so that no answer to it loses them.
    back: str
    # Whether to link the list of restores: one that is just being started has no page of its own yet.
    see_restores: bool = False


def confirm_selected() -> ResponseReturnValue:
    """Ask about the ticked contacts."""
    ids, complaint = ticked_here()
    if complaint or not ids:
        return refuse(complaint or "Select at least one contact first.")
    question = about_selection(db.session(), current_user.workspace_id, ids, read_clock(db.session()))
    if not question.any_in_bin:
        return refuse("None of the contacts you selected is deleted any more.")
    return show(question)


def confirm_all() -> ResponseReturnValue:
    """Ask about everything that matches."""
    session = db.session()
    now = read_clock(session)
    typed, _ = read_asked_filters(BinWindow(current_user.workspace_id, as_of=now))
    if typed.meaning is None:
        return refuse("Correct the search first: nothing was changed.")
    question = about_all(session, current_user.workspace_id, typed.meaning, now)
    if not question.can_restore_any:
        return refuse("No deleted contact matches." if typed.any else "There is nothing to restore.")
    return show(question)


def continue_restore(job_id: int) -> ResponseReturnValue:
    """Ask about what a failed or cancelled job has left; "Restore" makes a new job of it."""
    session = db.session()
    job = find_job(session, current_user.workspace_id, job_id)
    if job is None or job.kind != RESTORE.kind or not job.can_be_continued:
        abort(404)
    question = about_the_rest(session, Scope.from_dict(job.request), read_clock(session))
    if not question.can_restore_any:
        return refuse_with(409, "Nothing that this restore has left can be restored any more.")
    return show(question)


def show(
    question: Question, *, error: str | None = None, status: int = 200, see_restores: bool = False
) -> Response:
    """The dialog with `question`; while a job runs, with a link to it in the place of the button.

    With `see_restores` it links the list of restores where the one that is in the way has no page yet.
    """
    session, scope = db.session(), question.scope
    now = read_clock(session)
    job = active_job(session, current_user.workspace_id, RESTORE.group)
    running = progress_of(job, now) if job else None
    if running and status == 200:
        status = 409
    people = dict(deleters(session, BinWindow(current_user.workspace_id, as_of=now))) if scope.filters else {}
    ask = Ask(
        title=words.title(scope),
        scope=words.scope_words(scope, zone=current_user.workspace.zone, people=people),
        skips=words.skips(scope),
        token=sign(scope),
        error=error,
        running=running,
        see_restores=see_restores and not running,
        can_restore_any=question.can_restore_any,
        back=our_path(request.form.get("back"))
        or address("restore_page", ADDRESS, selected=ticked_here()[0] or scope.ids),
    )
    return page_or_part("restore/confirm.html", "restore/_confirm.html", ask=ask, status=status)
