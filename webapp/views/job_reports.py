"""What the reports of restores and undos show, by the kind of the job."""

from collections.abc import Callable

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from webapp.extensions import db
from webapp.models import Job
from webapp.restoring import report
from webapp.restoring.names import names_of
from webapp.restoring.report import ContactOutcome
from webapp.restoring.request import scope_of
from webapp.restoring.undo_work import UNDO
from webapp.restoring.work import RESTORE
from webapp.views.outcomes import HEADER, OutcomeRow, lines, losses, outcome_row, undone_row
from webapp.views.plan import NAMES_ON_PAGE
from webapp.web.csv_download import csv_download
from webapp.web.job_page import find_or_404
from webapp.web.paging import requested_number
from webapp.words.restoring import label_of
from webapp.words.undoing import label_of_kept

PAGE_SIZE = 50
# The value of the query field "show" for all contacts, not only those that were not simply restored.
ALL = "all"


def report_of(job: Job) -> dict[str, object]:
    """The context of the job's report."""
    if job.kind == UNDO.kind:
        return _outcomes(job, undone_row, label_of_kept)
    found = report.links(db.session(), job)
    names = names_of(db.session(), job.workspace_id, found)
    return _outcomes(job, outcome_row, label_of) | {
        "losses": losses(found, names, most=NAMES_ON_PAGE),
        "can_retry": report.any_in_conflict(db.session(), job),
        "is_forgotten": scope_of(job).is_forgotten,
    }


def report_csv(job_id: int) -> ResponseReturnValue:
    """The report as a file with a row for each contact."""
    job = find_or_404(job_id, RESTORE.kind, UNDO.kind)
    if not job.has_ended:
        abort(404)
    row = undone_row if job.kind == UNDO.kind else outcome_row
    return csv_download(
        f"{job.kind}-{job.number}.csv", HEADER, lines(report.each_outcome(db.session(), job), row)
    )


def _outcomes(
    job: Job, row: Callable[[ContactOutcome], OutcomeRow], label: Callable[[str], str]
) -> dict[str, object]:
    """The reasons with their numbers, and a page of contacts."""
    session, everything = db.session(), request.args.get("show") == ALL
    page = report.all_outcomes if everything else report.exceptions
    found = page(session, job, size=PAGE_SIZE + 1, after=requested_number("after"))
    last = found[PAGE_SIZE - 1].contact_id if len(found) > PAGE_SIZE else None
    shown = ALL if everything else None
    return {
        "reasons": [(label(code), number) for code, number in report.reasons(session, job)],
        "outcomes": [row(outcome) for outcome in found[:PAGE_SIZE]],
        "everything": everything,
        "more_href": url_for("restore_job", job_id=job.id, show=shown, after=last) if last else None,
    }
