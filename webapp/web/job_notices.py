"""The notices about jobs that have ended, on whatever page the user who requested them is."""

from dataclasses import dataclass

import structlog
from flask import Flask, Response, after_this_request, g, request
from flask_login import current_user
from sqlalchemy.exc import DBAPIError

from webapp.extensions import db
from webapp.jobs.notices import jobs_to_tell_of, note_end_seen
from webapp.models import Job
from webapp.web.access import Access
from webapp.web.htmx import is_htmx
from webapp.web.progress import Progress

log = structlog.get_logger()

# More would push the page away. The others follow when these have been dismissed.
MOST = 2


@dataclass(frozen=True)
class JobNotices:
    """`ended` are the jobs to tell of. `is_watching`: another one may end while the page is open.

    `besides` is the job whose own page this is, and which therefore needs no notice.
    """

    ended: list[Progress]
    is_watching: bool
    besides: int | None

    @property
    def shown(self) -> str:
        """What is shown, for the next poll: it changes nothing if this is still the same."""
        return "-".join(str(progress.job.id) for progress in self.ended)

    @property
    def back(self) -> str:
        """The page to return to after a notice was dismissed without scripts; a part of a page knows none."""
        return "" if is_htmx() or request.method != "GET" else request.full_path


def job_notices(besides: int | None = None) -> JobNotices:
    """What this request tells the signed-in user."""
    jobs = [job for job in _jobs() if job.id != besides]
    ended = [Progress(job, job.finished_at) for job in jobs if job.finished_at is not None]
    return JobNotices(ended[:MOST], any(not job.has_ended for job in jobs), besides)


def see_the_end(job: Job) -> None:
    """This response shows the end of the job: when it is ready, note that its requester has seen it."""
    if not job.has_ended or job.id not in {other.id for other in _jobs()}:
        return
    user_id, job_id = current_user.id, job.id

    @after_this_request
    def note(response: Response) -> Response:
        try:
            note_end_seen(db.session(), user_id, job_id)
        except DBAPIError:
            # The page is right without it. The notice is only shown once more.
            log.warning("notice_not_noted", job=job_id, exc_info=True)
        return response


def init_job_notices(app: Flask) -> None:
    """Let the base of all pages ask for the notices."""
    app.context_processor(lambda: {"job_notices": job_notices})


def _jobs() -> list[Job]:
    """The user's jobs that a notice may be about, read once for each request."""
    if "jobs_to_tell_of" not in g:
        g.jobs_to_tell_of = (
            jobs_to_tell_of(db.session(), current_user.workspace_id, current_user.id)
            if Access.JOBS.admits(current_user)
            else []
        )
    found: list[Job] = g.jobs_to_tell_of
    return found
