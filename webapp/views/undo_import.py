"""Undoing an import: the dialog, and the start of the job that deletes what the import has added."""

from dataclasses import replace

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.contacts.delete_scope import AddedByImport, foresee_undo
from webapp.extensions import db
from webapp.models import Job
from webapp.views.delete_all import DeleteManyQuestion, ask, frozen_token, start_confirmed
from webapp.views.jobs import find_or_404
from webapp.web.counting import in_turn
from webapp.web.job_address import job_href
from webapp.words import deleting as words
from webapp.words.kinds import title

IMPORT = "import"


@in_turn()
def undo_import(job_id: int) -> ResponseReturnValue:
    """The dialog before an import is undone."""
    job = _ended_import(job_id)
    return ask(_question(job))


def start_undo_import(job_id: int) -> ResponseReturnValue:
    """Start the undo and go to its page. A form that is sent twice starts one job."""
    job = _ended_import(job_id)

    return start_confirmed(
        lambda asked: asked.get("import") == job.id,
        lambda asked: replace(_question(job), total=asked["total"]),
        lambda _asked: _question(job),
    )


def _ended_import(job_id: int) -> Job:
    job = find_or_404(job_id, IMPORT)
    if not job.has_ended:
        abort(404)
    return job


def _question(job: Job) -> DeleteManyQuestion:
    foreseen = foresee_undo(db.session(), current_user.workspace_id, job.id)
    lines = words.stays(foreseen.stayed)
    if foreseen.going:
        lines = [*lines, words.restorable(foreseen.going)]
    return DeleteManyQuestion(
        title=f"Undo {title(job)}?",
        scope=words.undo_scope(foreseen.going),
        lines=lines,
        total=foreseen.going,
        token=frozen_token(AddedByImport(job.id).to_request(), total=foreseen.going, every=foreseen.total),
        action=url_for("start_undo_import", job_id=job.id),
        back=job_href(job),
        here="jobs",
    )
