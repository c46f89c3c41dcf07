"""The page of a job of any kind: its progress, and after its end the report of its kind."""

from typing import Any

from flask import Response, abort
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.queries import active_job, find_job, job_in_line
from webapp.models import Job
from webapp.web.htmx import page_or_part
from webapp.web.job_notices import see_the_end
from webapp.web.progress import progress_of
from webapp.worker.ringing import ring_for_stalled


def find_or_404(job_id: int, *kinds: str) -> Job:
    """The job, if it is of one of these kinds. Answers 404 where the account has none with this id."""
    job = find_job(db.session(), current_user.workspace_id, kinds, job_id)
    if job is None:
        abort(404)
    return job


def show_job(
    job: Job, *, watch_href: str, cancel_href: str, list_href: str, report: dict[str, Any]
) -> Response:
    """The page, or for htmx its progress part.

    `watch_href` is the page's own address, `cancel_href` takes the POST that cancels the job, `list_href` is
    the list of such jobs. `report` is the context of the kind's report; it is shown after the end only.
    """
    session = db.session()
    if job.is_active:
        # A lost ring costs at most half a minute.
        ring_for_stalled(job_id=job.id)
    see_the_end(job)
    now = read_clock(session)
    beside = _beside(job)
    return page_or_part(
        "jobs/job.html",
        "jobs/_progress.html",
        progress=progress_of(job, now),
        beside=progress_of(beside, now) if beside else None,
        watch_href=watch_href,
        cancel_href=cancel_href,
        list_href=list_href,
        **report,
    )


def _beside(job: Job) -> Job | None:
    """The job in line behind this one, or the one that this one waits for."""
    if job.is_waiting:
        return active_job(db.session(), job.workspace_id, job.waits_for_group)
    return job_in_line(db.session(), job.workspace_id, job.exclusive_group) if job.is_active else None
