"""`flask contacts purge`: what the worker does on a schedule, at once and here."""

import uuid

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.cli.carrying_out import carry_out_here, not_ringing
from webapp.cli.database import Refusal, check_database, chosen_workspace, readable, shown
from webapp.clock import read_clock
from webapp.contacts.delete import BIN_JOBS
from webapp.extensions import db
from webapp.jobs.lock import LockUnavailable
from webapp.jobs.queries import active_and_next
from webapp.jobs.start import AlreadyRunning, BeingStarted
from webapp.models import Workspace
from webapp.models.job import JobState
from webapp.purging.expired import count_expired
from webapp.purging.work import NothingToPurge, start
from webapp.words.jobs import sentence_of
from webapp.words.kinds import title, words_of
from webapp.words.numbers import counted
from webapp.worker.services import services


@click.command("purge")
@click.option("--workspace", "name", help="Purge only this one.  [default: all workspaces]")
@click.option("--dry-run", is_flag=True, help="Count what would be purged, and change nothing.")
@with_appcontext
def purge_contacts(name: str | None, dry_run: bool) -> None:
    """Remove contacts that were deleted more than 31 days ago, with everything of their own.

    Workers do the same on a schedule. Where another job needs the deleted contacts of a workspace, its purge
    stands back; run the command again when that job has ended.

    Exit status: 0 if everything was purged, 1 if something was left, 2 if nothing could be done.
    """
    session = db.session()
    check_database(session)
    if name is None:
        workspaces = list(session.scalars(select(Workspace).order_by(Workspace.id)))
    else:
        workspaces = [chosen_workspace(session, name)]
    named = [(workspace.id, shown(workspace.name)) for workspace in workspaces]
    lines = [
        (called, _count(session, workspace_id) if dry_run else _purge(session, workspace_id))
        for workspace_id, called in named
    ]
    told = [(called, line) for called, (line, _) in lines if line]
    for called, line in told:
        click.echo(f"{called}: {line}")
    if not told:
        click.echo("No contact was deleted more than 31 days ago. Nothing was changed.")
    if any(left for _, (_, left) in lines):
        raise SystemExit(1)


def _count(session: Session, workspace_id: int) -> tuple[str, bool]:
    count = count_expired(session, workspace_id, read_clock(session))
    return (f"{counted(count, 'contact')} would be purged." if count else ""), False


def _purge(session: Session, workspace_id: int) -> tuple[str, bool]:
    """What became of the workspace's contacts, in a sentence, and whether any were left."""
    if not count_expired(session, workspace_id, read_clock(session)):
        return "", False
    in_the_way = next(filter(None, active_and_next(session, workspace_id, BIN_JOBS)), None)
    if in_the_way is not None:
        return f"{title(in_the_way)} needs the deleted contacts. Nothing was purged.", True
    key, now = str(uuid.uuid4()), read_clock(session)
    try:
        job = start(session, services().lock, not_ringing, workspace_id=workspace_id, key=key, now=now)
    except NothingToPurge:
        return "", False
    except AlreadyRunning as refusal:
        return f"{title(refusal.job)} is running.", True
    except BeingStarted:
        return "Another purge is being started.", True
    except LockUnavailable as error:
        raise Refusal("Redis does not answer. Nothing was purged. Try again when it is back.") from error
    job = carry_out_here(job.id)
    why = sentence_of(job.reason, {})
    result = words_of(job.kind).result(job)
    return readable(f"{result} {why}" if why else result), bool(job.reason) or job.state != JobState.DONE
