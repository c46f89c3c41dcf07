"""The jobs of the account, of every kind, with filters. Others than Admins see their own, and no restores."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.audit.jobs import NEWEST_FIRST, STATES_LISTED, Filters, read_page
from webapp.contacts.keyset import Page
from webapp.extensions import db
from webapp.models import Job
from webapp.models.job import JobState
from webapp.web.address import CURSORS, address
from webapp.web.htmx import page_or_part
from webapp.web.job_address import RESTORES
from webapp.web.paging import requested_place, to_cursor
from webapp.web.progress import Progress, progress_of_all
from webapp.web.sessions import request_time
from webapp.words.jobs import IN_LINE, STATES, sentence_of
from webapp.words.kinds import words_of
from webapp.words.numbers import counted, duration
from webapp.worker.kinds import KINDS

PAGE_SIZE = 25
FIELDS = ("kind", "state")
STATE_WORDS = {str(state): words for state, words in STATES.items()} | {"in_line": IN_LINE}


@dataclass(frozen=True)
class JobRow:
    progress: Progress
    # How long it has run, or runs already; empty before it begins.
    took: str
    # What went wrong: why it ended, or what interrupted it last.
    trouble: str


@dataclass(frozen=True)
class JobTable:
    """A page of jobs; for the pager the cursors of the pages next to it."""

    rows: list[JobRow]
    older: str | None = None
    newer: str | None = None


def jobs() -> ResponseReturnValue:
    """The page, or for htmx its results. The status is 422 if a filter is none of its choices."""
    session = db.session()
    kinds = [kind for kind in KINDS if current_user.may_restore or kind not in RESTORES]
    after, before = (requested_place(name, NEWEST_FIRST) for name in CURSORS)
    typed = {name: request.args.get(name, "")[:40] for name in FIELDS}
    errors = _errors(typed, kinds)
    now, page = request_time(), Page([], None, None)
    if not errors:
        filters = Filters(
            kinds=[typed["kind"]] if typed["kind"] else kinds,
            state=typed["state"] or None,
            by=None if current_user.may_restore else current_user.id,
        )
        page = read_page(
            session, current_user.workspace_id, filters, size=PAGE_SIZE, after=after, before=before
        )
    rows = [_row(progress, now) for progress in progress_of_all([row[0] for row in page.rows], now)]
    response = page_or_part(
        "jobs/list.html",
        "jobs/_list.html",
        status=422 if errors else 200,
        typed=typed,
        errors=errors,
        kinds=sorted(((kind, words_of(kind).name) for kind in kinds), key=lambda choice: choice[1]),
        states=[(state, STATE_WORDS[state]) for state in STATES_LISTED],
        table=JobTable(rows, older=to_cursor(page.older), newer=to_cursor(page.newer)),
        now=now,
    )
    response.headers["HX-Replace-Url"] = address("jobs", FIELDS + CURSORS, first_page=page.newer is None)
    return response


def _errors(typed: Mapping[str, str], kinds: list[str]) -> dict[str, str]:
    errors = {}
    if typed["kind"] and typed["kind"] not in kinds:
        errors["kind"] = "Choose a kind from the list."
    if typed["state"] and typed["state"] not in STATES_LISTED:
        errors["state"] = "Choose a state from the list."
    return errors


def _row(progress: Progress, now: datetime) -> JobRow:
    job = progress.job
    took = ""
    if job.started_at is not None:
        took = duration(max(0.0, ((job.finished_at or now) - job.started_at).total_seconds()))
    return JobRow(progress, took, _trouble(progress, job))


def _trouble(progress: Progress, job: Job) -> str:
    parts = []
    if reason := progress.reason:
        parts.append(reason)
    elif job.error and job.state in (JobState.DONE, JobState.RUNNING):
        parts.append(f"Interrupted: {sentence_of(job.error, progress.people)}")
    if job.left_out:
        parts.append(f"{counted(job.left_out, progress.words.noun)} left out.")
    return " ".join(parts)
