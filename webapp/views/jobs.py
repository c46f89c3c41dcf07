"""The jobs of every kind but restores, which have pages of their own: their list, the page of one, cancelling
it, and the file that it has made.
"""

from collections.abc import Callable, Iterator, Mapping

from flask import Response, abort, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.contacts.delete_work import DELETE
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.jobs.cancel import cancel
from webapp.jobs.files import FileErased, file_of, read_part
from webapp.jobs.queries import find_job, history
from webapp.models import Job
from webapp.models.audit_event import Action, record
from webapp.views import export_report
from webapp.views.delete_report import delete_report
from webapp.views.import_report import import_report
from webapp.web.job_address import RESTORES
from webapp.web.job_page import show_job
from webapp.web.paging import requested_number
from webapp.web.progress import progress_of_all
from webapp.web.rates import DOWNLOADS, limited
from webapp.worker.kinds import KINDS
from webapp.worker.ringing import ring_for_stalled
from webapp.worker.services import services

HISTORY_SIZE = 25
SHOWN = [kind for kind in KINDS if kind not in RESTORES]
# The context of the report of each kind, beside the job's progress. A kind without one has none.
REPORTS: Mapping[str, Callable[[Job], dict[str, object]]] = {
    "export": export_report.report_of,
    "import": import_report,
    DELETE.kind: delete_report,
}


def jobs() -> ResponseReturnValue:
    """The jobs, newest first: an Admin sees all of the account, others their own."""
    session = db.session()
    by = None if current_user.may_restore else current_user.id
    found = history(
        session,
        current_user.workspace_id,
        SHOWN,
        size=HISTORY_SIZE + 1,
        older=requested_number("after"),
        by=by,
    )
    older = found[HISTORY_SIZE - 1].id if len(found) > HISTORY_SIZE else None
    now = read_clock(session)
    return render_template(
        "jobs/history.html", jobs=progress_of_all(found[:HISTORY_SIZE], now), older=older, now=now
    )


def job(job_id: int) -> ResponseReturnValue:
    """The progress of the job; after its end, its report."""
    found = find_or_404(job_id)
    report = REPORTS.get(found.kind)
    return show_job(
        found,
        watch_href=url_for("job", job_id=found.id),
        cancel_href=url_for("cancel_job", job_id=found.id),
        list_href=url_for("jobs"),
        report=report(found) if report and found.has_ended else {},
    )


def cancel_job(job_id: int) -> ResponseReturnValue:
    """Cancel the job. What it has done stays done; a job that has ended stays as it is."""
    found = find_or_404(job_id)
    cancel(db.session(), services().lock, found.id, by=current_user)
    ring_for_stalled(workspace_id=current_user.workspace_id)
    return redirect(url_for("job", job_id=job_id), 303)


@limited(DOWNLOADS)
def job_file(job_id: int) -> ResponseReturnValue:
    """The file that the job has made, sent part by part; 404 where it is not kept any longer. Each download
    is recorded in the audit log."""
    session = db.session()
    found = find_or_404(job_id)
    if not KINDS[found.kind].may_download(current_user, found):
        abort(403)
    file = file_of(session, found, read_clock(session))
    if file is None:
        abort(404, "This file is not kept any longer. Files are kept for a day.")
    response = Response(stream_with_context(_parts(file.id, file.parts)), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    response.headers["Content-Length"] = str(file.size)
    response.headers["Cache-Control"] = "no-store"
    if request.method == "GET":
        _record_download(found)
    return response


def _parts(file_id: int, parts: int) -> Iterator[bytes]:
    """The parts of the file, each read when the one before is sent. The transaction ends before that: a slow
    reader holds none open. Raises FileErased where a part is not there any more: the connection is cut, and
    so no file looks complete."""
    session = db.session()
    for number in range(parts):
        data = read_part(session, file_id, number)
        session.rollback()
        if data is None:
            raise FileErased
        yield data


def _record_download(job: Job) -> None:
    session, user_id, workspace_id = db.session(), current_user.id, current_user.workspace_id
    number, subject = job.number, job.audit_subject
    with write_transaction(session):
        record(
            session,
            workspace_id=workspace_id,
            user_id=user_id,
            at=read_clock(session),
            action=Action.EXPORT_DOWNLOADED,
            subject=subject,
            number=number,
        )


def find_or_404(job_id: int, *kinds: str) -> Job:
    """The job, if this user may see it: an Admin those of the account, others their own."""
    found = find_job(db.session(), current_user.workspace_id, kinds or SHOWN, job_id)
    if found is None or not (current_user.may_restore or found.requested_by == current_user.id):
        abort(404)
    return found
