"""Restore jobs: started, watched, stopped, remembered."""

from dataclasses import dataclass

import structlog
from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.services import services
from webapp.models import RestoreJob
from webapp.restoring import report
from webapp.restoring.cancel import cancel
from webapp.restoring.question import Question, about_again
from webapp.restoring.recover import unheard
from webapp.restoring.report import JobView, find_job, view_job
from webapp.restoring.scope import Scope
from webapp.restoring.start import (
    AlreadyRunning,
    AnotherScope,
    BeingStarted,
    LeaseUnavailable,
    NotAllowed,
    PlanChanged,
    already_started,
    start,
)
from webapp.views.confirm import people_who_deleted, show
from webapp.web.address import our_path
from webapp.web.errors import error
from webapp.web.htmx import is_htmx, page_or_part
from webapp.web.paging import number_asked_for
from webapp.web.signing import ScopeForged, unsign

log = structlog.get_logger()

HISTORY_SIZE = 25
OUTCOMES_SIZE = 50


@dataclass(frozen=True)
class OutcomeRow:
    name: str
    email: str
    href: str | None
    before: str
    other_name: str
    after: str
    other_href: str | None


def start_restore() -> ResponseReturnValue:
    """Start what the dialog confirmed, and go and watch it. Sent twice, both lead to the same job."""
    try:
        scope = unsign(request.form.get("scope", ""))
    except ScopeForged:
        return _refuse(400, "This confirmation did not arrive whole. Open it again.")
    if scope.workspace_id != current_user.workspace_id:
        abort(404)
    s, session = services(), db.session()
    try:
        # One that has been used still means its job, however old it is: nobody reads that nothing was
        # restored.
        if scope.is_old(read_clock(session)) and already_started(session, scope) is None:
            return _ask_again(
                scope, "This has been open for more than 30 minutes. Nothing was restored; look again."
            )
        job = start(session, s.lease, s.doorbell.ring, scope=scope, requested_by=current_user.id)
    except NotAllowed:
        abort(403)
    except AnotherScope:
        return _refuse(422, "This confirmation has been used for another restore. Open it again.")
    except AlreadyRunning:
        return show(Question(scope), error="A restore is already running. Nothing was changed.", status=409)
    except BeingStarted:
        sentence = "Another restore is being started. Nothing was changed."
        return show(Question(scope), error=sentence, status=409, see_restores=True)
    except PlanChanged:
        return _ask_again(
            scope, "This has changed since you opened it. Nothing was restored yet; look again."
        )
    except LeaseUnavailable:
        log.error("restore_not_started", exc_info=True)
        response = show(
            Question(scope),
            error="Restores cannot be started just now. Nothing was changed. Try again in a few seconds.",
            status=503,
        )
        response.headers["Retry-After"] = "5"
        return response
    watch = url_for("restore_job", job_id=job.id)
    return Response(headers={"HX-Redirect": watch}) if is_htmx() else redirect(watch, 303)


def _refuse(status: int, sentence: str) -> Response:
    """A confirmation that cannot be used: nothing is lost but the way back to the deleted contacts."""
    back = our_path(request.form.get("back")) or url_for("restore_page")
    return error(status, f"{sentence} Nothing was changed.", back=(back, "Back to deleted contacts"))


def _ask_again(scope: Scope, why: str) -> Response:
    """Show what the same contacts, or filters, mean now, and let that be confirmed."""
    session = db.session()
    question = about_again(
        session, scope, read_clock(session), zone=current_user.workspace.zone, people=people_who_deleted()
    )
    return show(question, error=why, status=409)


def restore_job(job_id: int) -> ResponseReturnValue:
    """How far the job is; after its end, what became of each contact."""
    job = _find(job_id)
    session = db.session()
    if job.is_active:
        _ring_if_unheard(job.id)
    ended = not job.is_active
    after = number_asked_for("after")
    outcomes = report.not_restored(session, job, size=OUTCOMES_SIZE + 1, after=after) if ended else []
    more = len(outcomes) > OUTCOMES_SIZE
    return page_or_part(
        "restores/job.html",
        "restores/_progress.html",
        job=_with_links(job, ended),
        outcomes=[_outcome_row(outcome) for outcome in outcomes[:OUTCOMES_SIZE]],
        outcomes_older=outcomes[OUTCOMES_SIZE - 1].contact_id if more else None,
        now=read_clock(session),
    )


def cancel_restore(job_id: int) -> ResponseReturnValue:
    """Stop the job; what is done stays done."""
    cancel(db.session(), services().lease, _find(job_id).id, by=current_user)
    return redirect(url_for("restore_job", job_id=job_id), 303)


def restores() -> ResponseReturnValue:
    """All restores of the account, newest first."""
    session = db.session()
    now = read_clock(session)
    jobs = report.history(
        session, current_user.workspace_id, size=HISTORY_SIZE + 1, older=number_asked_for("after")
    )
    older = jobs[HISTORY_SIZE - 1].id if len(jobs) > HISTORY_SIZE else None
    views = [view_job(job, now=now) for job in jobs[:HISTORY_SIZE]]
    return render_template("restores/history.html", jobs=views, older=older, now=now)


def _find(job_id: int) -> RestoreJob:
    job = find_job(db.session(), current_user.workspace_id, job_id)
    if job is None:
        abort(404)
    return job


def _ring_if_unheard(job_id: int) -> None:
    """Whoever looks at a job that nobody runs rings for it: a lost ring costs them half a minute at most."""
    s = services()
    for found in unheard(db.session(), ring_seconds=s.ring_seconds, job_id=job_id):
        s.doorbell.ring(found.job_id)


def _with_links(job: RestoreJob, ended: bool) -> dict[str, object]:
    view: JobView = view_job(job, now=read_clock(db.session()))
    return {
        **vars(view),
        "reasons": report.reasons(db.session(), job.id) if ended else [],
        "restored_href": url_for("overview", restored_by=job.id),
    }


def _outcome_row(outcome: report.OutcomeView) -> OutcomeRow:
    def href(contact_id: int | None) -> str | None:
        return url_for("contact", contact_id=contact_id) if contact_id else None

    return OutcomeRow(
        name=outcome.name,
        email=outcome.email,
        href=href(outcome.contact_href_id),
        before=outcome.before,
        other_name=outcome.other_name,
        after=outcome.after,
        other_href=href(outcome.other_id),
    )
