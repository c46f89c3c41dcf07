"""`flask contacts delete`: deletes all contacts that match, as one deletion."""

import sys
import uuid
from dataclasses import replace

import click
from flask.cli import with_appcontext

from webapp.cli.carrying_out import carry_out_here, not_ringing
from webapp.cli.confirming import UNCHANGED, begun, confirm
from webapp.cli.database import Refusal, check_database, chosen_workspace
from webapp.cli.naming import named
from webapp.clock import read_clock
from webapp.contacts import find
from webapp.contacts.delete_scope import freeze_scope
from webapp.contacts.delete_work import deletion_of, start
from webapp.contacts.wanted import Wanted
from webapp.extensions import db
from webapp.models.job import JobState
from webapp.restoring.filters import why_unsearchable
from webapp.words import deleting as words
from webapp.words.kinds import title
from webapp.words.numbers import counted
from webapp.worker.services import services


@click.command("delete")
@click.option("--workspace", "name", help="Whose contacts.  [default: the first workspace]")
@click.option("--q", default="", help="Those in whose name or e-mail address these words are found.")
@click.option("--list", "on_list", default="", help="Those on the list with this name, in any status.")
@click.option("--tag", default="", help="Those with this tag.")
@click.option("--account", default="", help="Those of this account.")
@click.option("--all", "everything", is_flag=True, help="All contacts of the workspace.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@with_appcontext
def delete_contacts(
    name: str | None, q: str, on_list: str, tag: str, account: str, everything: bool, yes: bool
) -> None:
    """Delete all contacts that match, as one deletion, which can be restored for 30 days.

    Name at least one filter, or --all. Several filters find the contacts that fulfil each of them. Without
    --yes the number of contacts has to be typed. Contacts that are added, changed or restored from then on
    stay. Killed in the middle, a worker goes on with it.

    Exit status: 0 if it was carried out, 1 if it failed or was cancelled, 2 if nothing was changed.
    """
    session = db.session()
    check_database(session)
    workspace_id = chosen_workspace(session, name).id
    filters = {field: text for field, text in (("list", on_list), ("tag", tag), ("account", account)) if text}
    if everything == bool(filters or q):
        raise Refusal(f"Name a filter (--q, --list, --tag or --account), or --all alone. {UNCHANGED}")
    if problem := why_unsearchable(q.strip()):
        raise Refusal(f"{problem} {UNCHANGED}")
    ids = {noun: named(session, workspace_id, noun, text).id for noun, text in filters.items()}
    wanted = replace(
        Wanted(workspace_id, " ".join(q.split())),
        list_id=ids.get("list"),
        tag_id=ids.get("tag"),
        account_id=ids.get("account"),
    )
    scope = freeze_scope(session, wanted, read_clock(session), filters)
    total = find.count(session, wanted)
    if not total:
        raise Refusal(f"No contact matches. {UNCHANGED}")
    if not yes:
        confirm("delete", words.scope_phrase(scope), total)
    job = begun(
        lambda: start(
            session,
            services().lock,
            not_ringing,
            workspace_id=workspace_id,
            request=scope.to_request(),
            total=total,
            key=str(uuid.uuid4()),
            requested_by=None,
        )
    )
    job = carry_out_here(job.id)
    click.echo(f"{title(job)}: {words.result(job)}")
    for sentence in words.not_deleted(job.counts):
        click.echo(sentence)
    deletion = deletion_of(session, job)
    if deletion is not None and deletion.number:
        click.echo(
            f"Admins can restore {counted(deletion.in_bin, 'contact')} of deletion #{deletion.number} "
            "for 30 days."
        )
    if job.state != JobState.DONE:
        sys.exit(1)
