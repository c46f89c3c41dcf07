"""`flask restore status` and `flask restore cancel`, for operators."""

from collections.abc import Iterator
from datetime import datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.cli.database import Refusal, check_database, readable, shown
from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.cancel import cancel
from webapp.jobs.line import NEVER_RUNG
from webapp.models import Job, User
from webapp.models.job import ACTIVE, JobState
from webapp.numbers import LARGEST_ID
from webapp.restoring.work import RESTORE
from webapp.words.jobs import sentence_of
from webapp.words.kinds import words_of
from webapp.words.numbers import counted, number
from webapp.worker.kinds import KINDS
from webapp.worker.ringing import ring_for_stalled
from webapp.worker.services import services

# Jobs that exclude each other: an operator who finds no restore wants to know what runs instead.
KINDS_OF_GROUP = tuple(work.kind for work in KINDS.values() if work.group == RESTORE.group)


@click.group("restore")
def restore_group() -> None:
    """Restore jobs of all workspaces."""


@restore_group.command("status")
@click.option(
    "--ended",
    type=click.IntRange(0, 1000),
    default=0,
    help="Also show this many of the latest jobs that have ended.",
)
@with_appcontext
def status(ended: int) -> None:
    """List the jobs that are queued, running or in line, with state, fence, lease and last error."""
    session = db.session()
    check_database(session)
    jobs = (
        select(Job)
        .options(joinedload(Job.requester), joinedload(Job.workspace))
        .where(Job.kind.in_(KINDS_OF_GROUP))
    )
    active = session.scalars(jobs.where(Job.state.in_(ACTIVE)).order_by(Job.id)).all()
    latest = jobs.where(Job.state.not_in(ACTIVE)).order_by(Job.id.desc()).limit(ended)
    now = read_clock(session)
    if not active:
        click.echo("No restore is queued or running.")
    for job in [*active, *session.scalars(latest)]:
        click.echo("\n".join(_lines(job, now)))


def _lines(job: Job, now: datetime) -> Iterator[str]:
    requester = shown(job.requester.name) if job.requester else "the system"
    yield (
        f"{_name(job)} ({_number(job)}{shown(job.workspace.name)}, workspace {job.workspace_id}), "
        f"requested by {requester}: {'in line' if job.is_waiting else job.state}"
    )
    yield f"  progress    {number(job.processed)} of {number(max(job.total or 0, job.processed))} contacts"
    yield f"  fence       {job.fence}, claims since progress {job.claims_since_progress}"
    yield f"  lease       {_lease(job, now)}"
    if job.cancel_requested_at is not None and not job.has_ended:
        yield "  cancelled   after the current batch"
    if job.one_by_one:
        yield f"  one by one  the next {counted(job.one_by_one, 'contact')}"
    people = _people(job)
    if error := sentence_of(job.error, people):
        yield f"  last error  {readable(error)}"
    if reason := sentence_of(job.reason, people):
        yield f"  reason      {readable(reason)}"


def _name(job: Job) -> str:
    return f"{words_of(job.kind).name} {job.id}"


def _number(job: Job) -> str:
    """Empty for a job that the previous release has just started, until the worker numbers it."""
    return f"#{job.number} of " if job.number else ""


def _people(job: Job) -> dict[int, str]:
    user = db.session.get(User, (job.reason or {}).get("user") or 0)
    return {user.id: user.name} if user else {}


def _lease(job: Job, now: datetime) -> str:
    if job.has_ended:
        return "none: it has ended"
    if job.is_waiting:
        return f"none: it waits until the running restore has ended; lined up {_ago(job.created_at, now)}"
    if job.state == JobState.QUEUED:
        rung = "not rung for yet" if job.rung_at == NEVER_RUNG else f"rung for {_ago(job.rung_at, now)}"
        return f"none yet: requested {_ago(job.promoted_at or job.created_at, now)}, {rung}"
    left = (job.lease_until - now).total_seconds()
    if left > 0:
        return f"{job.runner} for {left:.0f} more seconds"
    return f"{job.runner} had it until {_ago(job.lease_until, now)}; rung for {_ago(job.rung_at, now)}"


def _ago(moment: datetime, now: datetime) -> str:
    return f"{counted(round((now - moment).total_seconds()), 'second')} ago"


@restore_group.command("cancel")
@click.argument("job_id", metavar="ID", type=click.IntRange(1, LARGEST_ID))
@with_appcontext
def cancel_command(job_id: int) -> None:
    """Stop the restore or undo with the id ID, as in its address and in `status`. What it has done stays
    done.

    A second call changes nothing.
    """
    session = db.session()
    check_database(session)
    job = session.get(Job, job_id)
    if job is None or job.kind not in KINDS_OF_GROUP:
        raise Refusal(f"There is no restore {job_id}. Nothing was changed.")
    if job.has_ended:
        raise Refusal(f"{_name(job)} has ended already: {job.state}. Nothing was changed.")
    workspace_id, name = job.workspace_id, _name(job)
    if cancel(session, services().lock, job_id, by=None) == JobState.CANCELLED:
        ring_for_stalled(workspace_id=workspace_id)
        click.echo(f"{name} is cancelled. It had not begun.")
    else:
        click.echo(f"{name} stops after the current batch.")
