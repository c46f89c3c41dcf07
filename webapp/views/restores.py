"""Restore jobs: start, progress and report, cancel, history."""

import json
from collections.abc import Callable

import structlog
from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.cancel import cancel
from webapp.jobs.line import PlaceTaken
from webapp.jobs.lock import LockUnavailable
from webapp.jobs.queries import history
from webapp.jobs.start import AlreadyRunning, AnotherRequest, BeingStarted
from webapp.jobs.work import NotAllowed
from webapp.models import Job
from webapp.restoring.question import Question, about_again, about_other_choice
from webapp.restoring.scope import Scope
from webapp.restoring.start import already_started, line_up, start
from webapp.restoring.undo_work import UNDO
from webapp.restoring.work import RESTORE, NothingToRestore, PlanChanged
from webapp.views.confirm import TOO_OLD, chosen, show
from webapp.views.job_reports import report_of
from webapp.web.address import local_path
from webapp.web.counting import in_turn
from webapp.web.errors import error, with_retry_after
from webapp.web.htmx import is_htmx
from webapp.web.job_page import find_or_404, show_job
from webapp.web.paging import requested_number
from webapp.web.progress import progress_of_all
from webapp.web.signing import ScopeForged, unsign
from webapp.web.starting import too_many_jobs
from webapp.worker.ringing import ring_for_stalled
from webapp.worker.services import services

log = structlog.get_logger()

HISTORY_SIZE = 25
# The kinds of jobs that these pages show.
KINDS = RESTORE.kind, UNDO.kind

CHANGED = "This has changed since you opened it. Nothing was restored. Check it again."
OTHER_CHOICE = "This is the plan for your choice. Nothing was restored yet."
NOTHING_MATCHES = "No deleted contact matches any more. Nothing was changed."


def start_restore() -> ResponseReturnValue:
    """Start the confirmed restore and redirect to its page. A form that is sent twice starts one job."""
    return _carry_confirmation(start)


def line_up_restore() -> ResponseReturnValue:
    """Put the confirmed restore in line behind the one that runs, or start it if none does any more."""
    return _carry_confirmation(line_up)


def _carry_confirmation(begin: Callable[..., Job]) -> ResponseReturnValue:
    """`begin` the job that the form confirms, and redirect to its page; else say why not."""
    try:
        scope = unsign(request.form.get("scope", ""))
    except ScopeForged:
        return _refuse(400, "This confirmation is incomplete. Open it again.")
    s, session = services(), db.session()
    try:
        conflicts, rescue = chosen(scope)
    except ValueError:
        return _refuse(422, "There is no such choice.")
    if (conflicts, rescue) != (scope.conflicts, scope.rescue):
        # The dialog showed the plan for another choice.
        other = about_other_choice(session, scope, conflicts, rescue=rescue)
        return show(other, error=OTHER_CHOICE, status=409)
    if too_many := too_many_jobs(RESTORE.group, scope.key, in_line=begin is line_up):
        return too_many.told_by(show(Question(scope), error=too_many.sentence, status=429))
    try:
        # A confirmation that has been used leads to its job, however old it is.
        if scope.is_old(read_clock(session)) and already_started(session, scope) is None:
            return _ask_again(scope, TOO_OLD)
        job = begin(session, s.lock, s.doorbell.ring, scope=scope, requested_by=current_user.id)
    except NotAllowed:
        abort(403)
    except AnotherRequest:
        return _refuse(422, "This confirmation has been used for another restore. Open it again.")
    except AlreadyRunning:
        return show(Question(scope), error="A restore is already running. Nothing was changed.", status=409)
    except PlaceTaken:
        return show(
            Question(scope), error="Another restore is next in line. Nothing was changed.", status=409
        )
    except BeingStarted:
        sentence = "Another restore is being started. Nothing was changed."
        return show(Question(scope), error=sentence, status=409, see_restores=True)
    except PlanChanged:
        return _ask_again(scope, CHANGED)
    except NothingToRestore:
        return _ask_again(scope, NOTHING_MATCHES)
    except LockUnavailable:
        log.error("restore_not_started", exc_info=True)
        response = show(
            Question(scope),
            error="Restores cannot be started right now. Nothing was changed. Try again in a few seconds.",
            status=503,
        )
        return with_retry_after(response)
    watch = url_for("restore_job", job_id=job.id)
    if not is_htmx():
        return redirect(watch, 303)
    response = Response(headers={"HX-Redirect": watch})
    if scope.is_by_ids:
        # These contacts leave the selection that the tab keeps.
        started = {"page": url_for("restore_page"), "ids": scope.ids}
        response.headers["HX-Trigger"] = json.dumps({"app:restoring": started})
    return response


def _refuse(status: int, sentence: str) -> Response:
    """An error for a confirmation that cannot be used, with a link back to the deleted contacts."""
    back = local_path(request.form.get("back")) or url_for("restore_page")
    return error(status, f"{sentence} Nothing was changed.", back=(back, "Back to deleted contacts"))


@in_turn()
def _ask_again(scope: Scope, why: str) -> Response:
    """The dialog for the same contacts, or filters, as they are now."""
    session = db.session()
    return show(about_again(session, scope, read_clock(session)), error=why, status=409)


def restore_job(job_id: int) -> ResponseReturnValue:
    """The progress of the job; after its end, its report."""
    job = find_or_404(job_id, *KINDS)
    return show_job(
        job,
        watch_href=url_for("restore_job", job_id=job.id),
        cancel_href=url_for("cancel_restore", job_id=job.id),
        list_href=url_for("restores"),
        report=report_of(job) if job.has_ended else {},
    )


def cancel_restore(job_id: int) -> ResponseReturnValue:
    """Cancel the job, or take it out of the line. Contacts that are already restored stay restored."""
    job = find_or_404(job_id, *KINDS)
    cancel(db.session(), services().lock, job.id, by=current_user)
    ring_for_stalled(workspace_id=current_user.workspace_id)
    return redirect(url_for("restore_job", job_id=job_id), 303)


def restores() -> ResponseReturnValue:
    """All restores of the account, newest first."""
    session = db.session()
    jobs = history(
        session,
        current_user.workspace_id,
        KINDS,
        size=HISTORY_SIZE + 1,
        older=requested_number("after"),
    )
    older = jobs[HISTORY_SIZE - 1].id if len(jobs) > HISTORY_SIZE else None
    now = read_clock(session)
    return render_template(
        "restores/history.html", jobs=progress_of_all(jobs[:HISTORY_SIZE], now), older=older, now=now
    )
