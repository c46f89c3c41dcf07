"""What the reports of restores and undos show, by the kind of the job."""

from collections.abc import Callable

from flask import request, url_for

from webapp.extensions import db
from webapp.models import Job
from webapp.restoring import report
from webapp.restoring.names import names_of
from webapp.restoring.report import ContactOutcome
from webapp.restoring.request import scope_of
from webapp.restoring.undo_work import UNDO
from webapp.views.outcomes import OutcomeRow, losses, outcome_row, undone_row
from webapp.views.plan import NAMES_ON_PAGE
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
