"""The notices about ended jobs: what pages poll, and dismissing one."""

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.extensions import db
from webapp.jobs.notices import note_end_seen
from webapp.models import Job
from webapp.web.address import local_path
from webapp.web.htmx import is_htmx
from webapp.web.job_notices import job_notices
from webapp.web.paging import requested_number


def poll_notices() -> ResponseReturnValue:
    """The notices as they are now; 204 while they are what the page already shows."""
    notices = job_notices(requested_number("besides"))
    if notices.is_watching and notices.shown == request.args.get("shown"):
        return Response(status=204)
    return render_template("jobs/_notices.html", notices=notices)


def dismiss_notice(job_id: int) -> ResponseReturnValue:
    """Do not show the notice about the end of this job again."""
    job = db.session.get(Job, job_id)
    if job is None or job.requested_by != current_user.id or not job.has_ended:
        abort(404)
    note_end_seen(db.session(), current_user.id, job_id)
    if is_htmx():
        return render_template("jobs/_notices.html", notices=job_notices())
    return redirect(local_path(request.form.get("back")) or url_for("restores"), 303)
