"""What the report of an export shows."""

from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.files import file_of
from webapp.models import Job
from webapp.worker.kinds import EXPORT


def report_of(job: Job) -> dict[str, object]:
    """The context of the report: the file, while it is kept, and whether this user may have such a file."""
    source = EXPORT.source_of(job)
    return {
        "file": file_of(db.session(), job, read_clock(db.session())),
        "can_export": EXPORT.may_see(current_user, source),
        "is_forgotten": source.is_forgotten,
    }
