"""The rejected rows of an import as a file that can be mended and imported again."""

from collections.abc import Iterator, Sequence

from flask import abort
from flask.typing import ResponseReturnValue

from webapp.extensions import db
from webapp.importing.cells import undefused
from webapp.importing.order import Named
from webapp.importing.report import keeps_records, rejected_records
from webapp.importing.work import IMPORT
from webapp.models import Job
from webapp.views.jobs import find_or_404
from webapp.web.csv_download import csv_download
from webapp.web.rates import DOWNLOADS, limited
from webapp.words.imports import REASON, why_rejected
from webapp.words.isolation import bare

GONE = "These rows are not kept any longer. Rejected rows are kept for a day."


@limited(DOWNLOADS)
def rejected_rows(job_id: int) -> ResponseReturnValue:
    """The rejected rows, with their own columns and one for the reason, which an import ignores."""
    session = db.session()
    job = find_or_404(job_id, IMPORT.kind)
    if not job.has_ended or not keeps_records(session, job):
        abort(404, GONE)
    header = Named.of(job.private.text if job.private else None).header
    response = csv_download(
        f"import-{job.number}-rejected.csv", [*header, REASON], _rows(job, width=len(header))
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _rows(job: Job, *, width: int) -> Iterator[Sequence[str]]:
    mapping = job.request["mapping"]
    for line in rejected_records(db.session(), job):
        if line.record is not None and line.reason is not None:
            why = bare(why_rejected(line.reason, line.line, line.record, mapping))
            # The download defuses: what was defused in the file already must not be defused twice.
            cells = [undefused(cell) for cell in line.record]
            yield [*cells, *[""] * (width - len(cells)), f"Line {line.line}: {why}."]
