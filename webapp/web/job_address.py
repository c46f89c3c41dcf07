"""The address of a job's page: restores and undos have pages of their own, other kinds the common one."""

from flask import Flask, url_for

from webapp.models import Job
from webapp.restoring.undo_work import UNDO
from webapp.restoring.work import RESTORE

RESTORES = RESTORE.kind, UNDO.kind


def job_href(job: Job) -> str:
    """The page that shows the job's progress, and after its end its report."""
    return href_of(job.kind, job.id)


def href_of(kind: str, job_id: int) -> str:
    """The same by the job's kind and id."""
    return url_for("restore_job" if kind in RESTORES else "job", job_id=job_id)


def init_job_addresses(app: Flask) -> None:
    """Let templates call `job_href(job)`."""
    app.jinja_env.globals["job_href"] = job_href
