"""Undoing a restore: the dialog, which lists what goes back and what is left alone, and the start."""

import uuid
from dataclasses import dataclass, field

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.lock import LockUnavailable
from webapp.jobs.queries import active_job
from webapp.jobs.start import AlreadyRunning, AnotherRequest, BeingStarted
from webapp.jobs.work import NotAllowed
from webapp.models import Job
from webapp.restoring.report import people_of
from webapp.restoring.undo_work import NothingToUndo, start
from webapp.restoring.undoing import foresee
from webapp.restoring.work import RESTORE
from webapp.web.errors import error
from webapp.web.htmx import is_htmx, page_or_part
from webapp.web.job_page import find_or_404
from webapp.web.progress import Progress, progress_of
from webapp.words.contacts import name_of
from webapp.words.kinds import title
from webapp.words.undoing import left_alone, why_left_alone
from webapp.worker.services import services


@dataclass(frozen=True)
class UndoQuestion:
    """The dialog, for its template. `kept` are pairs of a contact's name and why it is left alone."""

    title: str
    job: Job
    key: str
    back: int
    sentences: list[str] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    kept_count: int = 0
    error: str | None = None
    running: Progress | None = None


def confirm_undo(job_id: int) -> ResponseReturnValue:
    """The dialog before an undo."""
    job = _ended_restore(job_id)
    return _show(job)


def undo_restore(job_id: int) -> ResponseReturnValue:
    """Start the undo and redirect to its page. A form that is sent twice starts one job."""
    restore = _ended_restore(job_id)
    key, s, session = request.form.get("key", ""), services(), db.session()
    if not _is_key(key):
        return error(400, "This confirmation is incomplete. Open it again. Nothing was changed.")
    try:
        job = start(session, s.lock, s.doorbell.ring, restore=restore, key=key, requested_by=current_user.id)
    except NotAllowed:
        abort(403)
    except AnotherRequest:
        return error(422, "This confirmation has been used for something else. Nothing was changed.")
    except NothingToUndo:
        return _show(restore, error="Nothing can be undone any more. Nothing was changed.", status=409)
    except (AlreadyRunning, BeingStarted):
        return _show(restore, error="Another restore is running. Nothing was changed.", status=409)
    except LockUnavailable:
        sentence = "This cannot be started right now. Nothing was changed. Try again in a few seconds."
        response = _show(restore, error=sentence, status=503)
        response.headers["Retry-After"] = "5"
        return response
    watch = url_for("restore_job", job_id=job.id)
    return Response(headers={"HX-Redirect": watch}) if is_htmx() else redirect(watch, 303)


def _ended_restore(job_id: int) -> Job:
    job = find_or_404(job_id, RESTORE.kind)
    if not job.has_ended:
        abort(404)
    return job


def _is_key(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _show(job: Job, *, error: str | None = None, status: int = 200) -> Response:
    session = db.session()
    now = read_clock(session)
    plan = foresee(session, job, now=now)
    people = people_of(session, job.workspace_id, [(ending.contact_id, None) for ending in plan.examples])
    active = active_job(session, job.workspace_id, RESTORE.group)
    question = UndoQuestion(
        title=f"Undo {title(job)}?",
        job=job,
        key=str(uuid.uuid4()),
        back=plan.back,
        sentences=left_alone(plan.counts),
        kept=[(name_of(people.get(e.contact_id)), why_left_alone(e.reason)) for e in plan.examples],
        kept_count=plan.kept,
        error=error,
        running=progress_of(active, now) if active else None,
    )
    if question.running and status == 200:
        status = 409
    return page_or_part(
        "restores/confirm_undo.html", "restores/_confirm_undo.html", question=question, status=status
    )
