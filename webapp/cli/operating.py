"""`flask workers`, `flask queues` and `flask audit`, for operators: what runs and waits in all accounts, and
what belongs to none of them."""

from datetime import datetime, timedelta

import click
from flask.cli import with_appcontext
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.audit.log import entries
from webapp.cli.database import check_database, readable, shown
from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs import measures
from webapp.models import AuditEvent, Job, User
from webapp.models.job import ACTIVE, JobState
from webapp.words.audit import tell
from webapp.words.kinds import words_of
from webapp.words.numbers import counted, duration, number
from webapp.worker.kinds import KINDS
from webapp.worker.message import queue
from webapp.worker.queue import QUEUES
from webapp.worker.services import services


@click.command("workers")
@with_appcontext
def workers_command() -> None:
    """Show when the workers of each queue were seen, and what each runner does."""
    session = db.session()
    check_database(session)
    now, seen = read_clock(session), measures.heartbeats(session, read_clock(session))
    for name in QUEUES:
        silent = name not in seen or seen[name] > services().silence_seconds
        when = f"seen {duration(seen[name])} ago" if name in seen else "never seen"
        click.echo(f"{name:10} {when}{'  SILENT' if silent else ''}")
    running = (
        select(Job)
        .options(joinedload(Job.workspace))
        .where(Job.state == JobState.RUNNING, Job.state.in_(ACTIVE))
        .order_by(Job.id)
    )
    jobs = session.scalars(running).all()
    if not jobs:
        click.echo("No job is running.")
    for job in jobs:
        left = (job.lease_until - now).total_seconds()
        lease = f"for {duration(left)} more" if left > 0 else f"lease over since {duration(-left)}"
        done = f"{number(job.processed)} of {number(max(job.total or 0, job.processed))}"
        click.echo(
            f"{shown(job.runner or 'unknown')} {lease}: {words_of(job.kind).name} {job.id} of "
            f"{shown(job.workspace.name)}, {done}, fence {job.fence}"
        )


@click.command("queues")
@with_appcontext
def queues_command() -> None:
    """Show how many messages and jobs wait in each queue, and for how long."""
    session = db.session()
    check_database(session)
    waiting = measures.waiting_times(session, read_clock(session))
    by_state = measures.jobs_by_state(session)
    for name in QUEUES:
        kinds = [kind for kind, work in KINDS.items() if work.queue == name]
        queued = sum(by_state.get((kind, "queued"), 0) for kind in kinds)
        longest = max((waiting[kind] for kind in kinds if kind in waiting), default=None)
        since = f", the oldest for {duration(longest)}" if longest is not None else ""
        click.echo(f"{name:10} {_messages(name)}, {counted(queued, 'queued job')}{since}")


def _messages(name: str) -> str:
    try:
        return counted(queue(name, services().lock.redis).count, "message")
    except RedisError:
        return "Redis does not answer"


@click.command("audit")
@click.option("--days", type=click.IntRange(1, 3650), default=1, show_default=True, help="How far back.")
@with_appcontext
def audit_command(days: int) -> None:
    """List what was recorded of no account: sign-ins with addresses that no user has."""
    session = db.session()
    check_database(session)
    since: datetime = read_clock(session) - timedelta(days=days)
    rows = session.execute(
        select(AuditEvent, User)
        .outerjoin(User, User.id == AuditEvent.user_id)
        .options(joinedload(AuditEvent.private))
        .where(AuditEvent.workspace_id.is_(None), AuditEvent.at >= since)
        .order_by(AuditEvent.at, AuditEvent.id)
    ).all()
    for entry in entries(session, 0, rows):
        click.echo(f"{entry.event.at:%Y-%m-%d %H:%M:%S} {readable(tell(entry).text)}")
    click.echo(f"{counted(len(rows), 'event')} of no account in {counted(days, 'day')}.")
