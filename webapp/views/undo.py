"""Undoing a restore: the dialog, which lists what goes back and what is left alone, and the start."""

import uuid
from dataclasses import dataclass, field

from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.queries import active_job
from webapp.models import Job
from webapp.models.restore_outcome import Outcome
from webapp.restoring.report import people_of
from webapp.restoring.undo_work import UNDO, NothingToUndo, start
from webapp.restoring.undoing import UndoPlan, foresee
from webapp.restoring.work import RESTORE
from webapp.web.errors import error
from webapp.web.htmx import page_or_part
from webapp.web.job_page import find_or_404
from webapp.web.late import late_part
from webapp.web.progress import Progress, progress_of
from webapp.web.starting import begin
from webapp.words.contacts import name_of
from webapp.words.kinds import title
from webapp.words.undoing import left_alone, why_left_alone
from webapp.worker.services import services

# The dialog has the plan about so many contacts at once; that about more arrives later.
SOON = 2_000


@dataclass(frozen=True)
class UndoPlanShown:
    """The plan for its template; without `plan` it has still to be made, or took too long.

    `kept` are pairs of a contact's name and why it is left alone.
    """

    job: Job
    title: str
    plan: UndoPlan | None = None
    took_too_long: bool = False
    sentences: list[str] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class UndoQuestion:
    """The dialog, for its template. `at_most` contacts go back."""

    title: str
    job: Job
    key: str
    at_most: int
    error: str | None = None
    running: Progress | None = None


def confirm_undo(job_id: int) -> ResponseReturnValue:
    """The dialog before an undo."""
    job = _ended_restore(job_id)
    return _show(job)


def undo_plan(job_id: int) -> ResponseReturnValue:
    """The plan of an undo: the part of the dialog that arrives later, or a page of its own."""
    job = _ended_restore(job_id)

    def show(shown: UndoPlanShown) -> Response:
        return page_or_part("restores/undo_plan.html", "restores/_undo_plan.html", shown=shown)

    if job.processed <= SOON:
        return show(_plan_now(job))
    return late_part(
        lambda: show(_plan_now(job)), lambda: show(UndoPlanShown(job, _title(job), took_too_long=True))
    )


def undo_restore(job_id: int) -> ResponseReturnValue:
    """Start the undo and redirect to its page. A form that is sent twice starts one job."""
    restore = _ended_restore(job_id)
    key, s, session = request.form.get("key", ""), services(), db.session()
    if not _is_key(key):
        return error(400, "This confirmation is incomplete. Open it again. Nothing was changed.")
    try:
        return begin(
            lambda: start(
                session, s.lock, s.doorbell.ring, restore=restore, key=key, requested_by=current_user.id
            ),
            lambda sentence, status: _show(restore, error=sentence, status=status),
            group=UNDO.group,
            key=key,
        )
    except NothingToUndo:
        return _show(restore, error="Nothing can be undone any more. Nothing was changed.", status=409)


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


def _title(job: Job) -> str:
    return f"Undo {title(job)}?"


def _plan_now(job: Job) -> UndoPlanShown:
    session = db.session()
    plan = foresee(session, job, now=read_clock(session))
    people = people_of(session, job.workspace_id, [(ending.contact_id, None) for ending in plan.examples])
    return UndoPlanShown(
        job,
        _title(job),
        plan,
        sentences=left_alone(plan.counts),
        kept=[(name_of(people.get(e.contact_id)), why_left_alone(e.reason)) for e in plan.examples],
    )


def _show(job: Job, *, error: str | None = None, status: int = 200) -> Response:
    session = db.session()
    active = active_job(session, job.workspace_id, RESTORE.group)
    shown = _plan_now(job) if job.processed <= SOON else UndoPlanShown(job, _title(job))
    question = UndoQuestion(
        title=_title(job),
        job=job,
        key=str(uuid.uuid4()),
        at_most=shown.plan.back if shown.plan else job.count(Outcome.RESTORED),
        error=error,
        running=progress_of(active, read_clock(session)) if active else None,
    )
    if question.running and status == 200:
        status = 409
    return page_or_part(
        "restores/confirm_undo.html",
        "restores/_confirm_undo.html",
        question=question,
        shown=shown,
        status=status,
    )
