"""What the report of an import shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request, url_for
from flask_login import current_user

from webapp.catalogue.lookup import name_of
from webapp.extensions import db
from webapp.importing.deciding import AMONG_THE_DELETED
from webapp.importing.order import ImportRequest
from webapp.importing.report import Line, keeps_records, lines
from webapp.importing.work import came_without_list
from webapp.models import Job, MailingList, Right
from webapp.models.import_line import LineOutcome
from webapp.views.thing_kinds import LISTS
from webapp.web.paging import requested_number
from webapp.words.imports import FIGURES, SKIPPED, put_on_list, skipped_label, why_rejected

PAGE_SIZE = 50
# The value of the query field "show" for the skipped rows, instead of the rejected ones.
SHOW_SKIPPED = "skipped"


@dataclass(frozen=True)
class RowLine:
    """A row that was left out: the contact that it is about, if there is one to show, and why."""

    line: int
    why: str
    name: str = ""
    email: str | None = None
    href: str | None = None


def import_report(job: Job) -> dict[str, object]:
    """The context of the report of an import that has ended."""
    session = db.session()
    skipped = sum(job.count(code) for code in SKIPPED)
    rejected = job.count(LineOutcome.REJECTED)
    # Where no row was rejected, the skipped ones are all that there is to show.
    shows_skipped = bool(skipped) and (request.args.get("show") == SHOW_SKIPPED or not rejected)
    outcome = LineOutcome.SKIPPED if shows_skipped else LineOutcome.REJECTED
    found = lines(session, job, outcome, after=requested_number("after"), size=PAGE_SIZE + 1)
    last = found[PAGE_SIZE - 1].line if len(found) > PAGE_SIZE else None
    show = SHOW_SKIPPED if shows_skipped else None
    can_undo = job.count(LineOutcome.ADDED) > 0 and current_user.may(Right.DELETE_MANY)
    return {
        "figures": _figures(job),
        "put_on_list": put_on_list(job),
        "put_on_href": _list_href(job),
        "list_was_deleted": came_without_list(job) > 0,
        "rows": [_row(job, line) for line in found[:PAGE_SIZE]],
        "shows_skipped": shows_skipped,
        "skipped": skipped,
        "rejected": rejected,
        "deleted": job.count(AMONG_THE_DELETED),
        "keeps_records": bool(rejected) and keeps_records(session, job),
        "more_href": url_for("job", job_id=job.id, show=show, after=last) if last else None,
        "undo_href": url_for("undo_import", job_id=job.id) if can_undo else None,
    }


def _list_href(job: Job) -> str | None:
    """The page of the list that all were put on, if it is still there."""
    list_id = ImportRequest.of(job.request).list_id
    if list_id is None or name_of(db.session(), MailingList, job.workspace_id, list_id) is None:
        return None
    return LISTS.href(row_id=list_id)


def _figures(job: Job) -> Sequence[tuple[str, int]]:
    """Added, updated and rejected; of the reasons for skipping those that occurred."""
    always = (LineOutcome.ADDED, LineOutcome.UPDATED, LineOutcome.REJECTED)
    return [
        (label, job.count(code)) for code, label in FIGURES.items() if code in always or job.count(code) > 0
    ]


def _row(job: Job, line: Line) -> RowLine:
    if line.outcome is LineOutcome.REJECTED:
        return RowLine(line.line, why_rejected(line.reason, line.line, line.record, job.request["mapping"]))
    label = skipped_label(line.reason["code"])
    if line.contact_id is None:
        return RowLine(line.line, label)
    href = url_for("contact", contact_id=line.contact_id)
    return RowLine(line.line, label, line.name or line.email or "", line.email, href)
