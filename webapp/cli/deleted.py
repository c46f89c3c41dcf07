"""`flask contacts restore` and `flask contacts erase`: what becomes of deleted contacts that match."""

import sys
from collections.abc import Callable
from typing import Any

import click
from flask.cli import with_appcontext

from webapp.cli.carrying_out import carry_out_here, not_ringing
from webapp.cli.confirming import UNCHANGED, begun, confirm
from webapp.cli.database import Refusal, check_database, chosen_workspace, readable
from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.work import NotStarted
from webapp.models import Job
from webapp.models.job import JobState
from webapp.numbers import LARGEST_ID
from webapp.purging import erase_work
from webapp.purging.scope import about_matching
from webapp.restoring import start as restoring
from webapp.restoring.filters import Filters, why_unsearchable
from webapp.restoring.question import about_all
from webapp.words.kinds import title, words_of
from webapp.worker.services import services

Command = Callable[..., Any]


def _filters(command: Command) -> Command:
    """The options by which deleted contacts are meant."""
    number = click.IntRange(1, LARGEST_ID)
    for option in (
        click.option("--yes", is_flag=True, help="Do not ask for confirmation."),
        click.option("--all", "everything", is_flag=True, help="All that can be restored."),
        click.option(
            "--deletion", type=number, multiple=True, help="Those of the deletion with this number."
        ),
        click.option("--q", default="", help="Those in whose name or e-mail address these words are found."),
        click.option("--workspace", "name", help="Whose contacts.  [default: the first workspace]"),
    ):
        command = option(command)
    return command


@click.command("restore")
@_filters
@with_appcontext
def restore_contacts(
    name: str | None, q: str, deletion: tuple[int, ...], everything: bool, yes: bool
) -> None:
    """Restore deleted contacts with their lists, tags, account and deals. Nothing is triggered.

    Name at least one filter, or --all. Without --yes the number of contacts has to be typed. Killed in the
    middle, a worker goes on with it.

    Exit status: 0 if it was carried out, 1 if it failed or was cancelled, 2 if nothing was changed.
    """
    workspace_id, filters = _meant(name, q, deletion, everything)
    session, s = db.session(), services()
    scope = about_all(session, workspace_id, filters, read_clock(session)).scope
    _ask("restore", scope.expected, yes=yes)
    _carry_out(lambda: restoring.start(session, s.lock, not_ringing, scope=scope, requested_by=None))


@click.command("erase")
@_filters
@with_appcontext
def erase_contacts(name: str | None, q: str, deletion: tuple[int, ...], everything: bool, yes: bool) -> None:
    """Delete deleted contacts for ever, with everything of theirs. Nothing brings them back.

    Name at least one filter, or --all. Without --yes the number of contacts has to be typed. Killed in the
    middle, a worker goes on with it.

    Exit status: 0 if it was carried out, 1 if it failed or was cancelled, 2 if nothing was changed.
    """
    workspace_id, filters = _meant(name, q, deletion, everything)
    session, s = db.session(), services()
    question = about_matching(session, workspace_id, filters, read_clock(session))
    scope, total = question.scope, question.scope.expected + question.merged
    _ask("delete for ever", scope.expected, yes=yes)
    _carry_out(
        lambda: erase_work.start(session, s.lock, not_ringing, scope=scope, total=total, requested_by=None)
    )


def _meant(name: str | None, q: str, deletion: tuple[int, ...], everything: bool) -> tuple[int, Filters]:
    session = db.session()
    check_database(session)
    workspace_id = chosen_workspace(session, name).id
    if everything == bool(q or deletion):
        raise Refusal(f"Name a filter (--q or --deletion), or --all alone. {UNCHANGED}")
    if problem := why_unsearchable(q.strip()):
        raise Refusal(f"{problem} {UNCHANGED}")
    return workspace_id, Filters(q=" ".join(q.split()), deletion=tuple(sorted(set(deletion))))


def _ask(verb: str, total: int, *, yes: bool) -> None:
    if not total:
        raise Refusal(f"No deleted contact matches. {UNCHANGED}")
    if not yes:
        confirm(verb, "they are among the deleted ones", total)


def _carry_out(start: Callable[[], Job]) -> None:
    try:
        job = carry_out_here(begun(start).id)
    except NotStarted:
        raise Refusal(f"No deleted contact matches any more. {UNCHANGED}") from None
    click.echo(readable(f"{title(job)}: {words_of(job.kind).result(job)}"))
    if job.state != JobState.DONE:
        sys.exit(1)
