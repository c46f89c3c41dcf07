"""`flask restore status` and `flask restore cancel`: what an operator asks and does without a page."""

from collections.abc import Iterator
from datetime import datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.cli.database import Refusal, check_database
from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.services import services
from webapp.models import RestoreJob
from webapp.models.restore_job import ACTIVE, CANCELLED, QUEUED
from webapp.restoring.cancel import cancel
from webapp.restoring.words import counted

# What a database takes for an id.
LARGEST_ID = 2**63 - 1


@click.group("restore")
def restore_group() -> None:
    """Restore jobs of all workspaces."""


@restore_group.command("status")
@click.option(
    "--ended",
    type=click.IntRange(0, 1000),
    default=0,
    help="Show so many of the latest that have ended, too.",
)
@with_appcontext
def status(ended: int) -> None:
    """List the jobs that are queued or running, with state, fence, lease and last error."""
    session = db.session()
    check_database(session)
    jobs = select(RestoreJob).options(joinedload(RestoreJob.requester), joinedload(RestoreJob.workspace))
    active = session.scalars(jobs.where(RestoreJob.state.in_(ACTIVE)).order_by(RestoreJob.id)).all()
    latest = jobs.where(RestoreJob.state.not_in(ACTIVE)).order_by(RestoreJob.id.desc()).limit(ended)
    now = read_clock(session)
    if not active:
        click.echo("No restore is queued or running.")
    for job in [*active, *session.scalars(latest)]:
        click.echo("\n".join(_told(job, now)))


def _told(job: RestoreJob, now: datetime) -> Iterator[str]:
    yield (
        f"Restore #{job.id} of {job.workspace.name} (workspace {job.workspace_id}), "
        f"asked for by {job.requester.name}: {job.state}"
    )
    yield f"  progress    {job.processed:,} of {max(job.expected, job.processed):,} contacts"
    yield f"  fence       {job.fence}, claims since progress {job.claims_since_progress}"
    yield f"  lease       {_lease(job, now)}"
    if job.cancel_requested_at is not None and job.is_active:
        yield "  cancelled   after the batch in hand"
    if job.one_by_one:
        yield f"  one by one  the next {counted(job.one_by_one, 'contact')}"
    if job.last_error:
        yield f"  last error  {job.last_error}"
    if job.why:
        yield f"  why         {job.why}"


def _lease(job: RestoreJob, now: datetime) -> str:
    if not job.is_active:
        return "none: it has ended"
    if job.state == QUEUED:
        return f"none yet: asked for {_ago(job.created_at, now)}, rung for {_ago(job.rung_at, now)}"
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
    """Stop the restore job ID. What it has restored stays restored; done twice, it changes nothing more."""
    session = db.session()
    check_database(session)
    job = session.get(RestoreJob, job_id)
    if job is None:
        raise Refusal(f"There is no restore #{job_id}. Nothing was changed.")
    if not job.is_active:
        raise Refusal(f"Restore #{job_id} has ended already: {job.state}. Nothing was changed.")
    if cancel(session, services().lease, job_id, by=None) == CANCELLED:
        click.echo(f"Restore #{job_id} is cancelled. It had not begun.")
    else:
        click.echo(f"Restore #{job_id} stops after the contacts in hand.")
