"""`flask demo`: adds the demo data, or a load of any size."""

import gc
import time
from contextlib import nullcontext
from functools import partial

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.cli.database import Refusal, check_database, chosen_workspace, paced_transaction, shown
from webapp.cli.progress import progress
from webapp.demo.base import COMPANIES, CONTOSO, NORTHWIND, PASSWORD, ensure_base, is_empty, workspace_of
from webapp.demo.load import add_load
from webapp.extensions import db
from webapp.models import Workspace
from webapp.words.numbers import number

LIVE, DELETED = 1800, 620
OTHER_LIVE, OTHER_DELETED = 36, 8
# Up to this number everything is one transaction, so that a stopped run adds nothing. A larger load is
# committed in parts, because on SQLite a transaction blocks all other writers.
AT_ONCE = 10_000
# Ten times the size that the app is built for. A typing error must not fill the disk.
MOST = 10_000_000


@click.command("demo")
@click.option("--contacts", type=click.IntRange(0, MOST), help="How many live contacts to add.")
@click.option("--deleted", type=click.IntRange(0, MOST), help="How many deleted contacts to add.")
@click.option("--seed", default=1, show_default=True, help="The same seed generates the same contacts.")
@click.option("--if-empty", is_flag=True, help="Do nothing if there is already a workspace.")
@click.option("--workspace", "name", help=f"Where to add them.  [default: {NORTHWIND.name}]")
@with_appcontext
def demo_command(
    contacts: int | None, deleted: int | None, seed: int, if_empty: bool, name: str | None
) -> None:
    """Create the demo's workspaces and users if they are missing, and add live and deleted contacts.

    Without numbers it adds 1,800 live and 620 deleted contacts; with one number, only that kind.
    """
    if current_app.config["PRODUCTION"]:
        raise Refusal(
            "The demo has users with a public password, so it is not for production. Make the first Admin"
            " with: flask --app webapp users add-admin ADDRESS. Nothing was added."
        )
    if contacts is None and deleted is None:
        contacts, deleted = LIVE, DELETED
    live, gone = contacts or 0, deleted or 0
    begun = time.monotonic()
    # The rows have no reference cycles, and the garbage collector's search takes a sixth of Python's time.
    gc.set_threshold(100_000)
    session = db.session()
    check_database(session)
    at_once = live + gone <= AT_ONCE
    transaction = partial(paced_transaction, session)
    part = nullcontext if at_once else transaction
    with transaction() if at_once else nullcontext():
        with part():
            if if_empty and not is_empty(session):
                click.echo("There is data already; nothing was added.")
                return
            made = ensure_base(session)
            workspace = _target(name)
            workspace_id, workspace_name = workspace.id, workspace.name
        if CONTOSO in made and (other := workspace_of(session, CONTOSO)):
            add_load(session, other, live=OTHER_LIVE, deleted=OTHER_DELETED, seed=seed, transaction=part)
        with progress("Adding contacts", live + gone, is_long=not at_once) as bar:
            add_load(
                session,
                workspace_id,
                live=live,
                deleted=gone,
                seed=seed,
                transaction=part,
                on_progress=bar.update,
            )

    for company in made:
        click.echo(f"Created the workspace “{company.name}”.")
    seconds = time.monotonic() - begun
    added = f"{number(live)} live and {number(gone)} deleted contacts"
    click.echo(f"{shown(workspace_name)}: {added} added in {seconds:.1f} s.")
    click.echo(f"Sign in with the password {PASSWORD} as one of these:")
    for company in COMPANIES:
        for person in company.people:
            click.echo(f"  {person.email:20} {company.name}, {' and '.join(person.groups)}")


def _target(name: str | None) -> Workspace:
    session = db.session()
    home = workspace_of(session, NORTHWIND) if name is None else None
    return session.get_one(Workspace, home) if home else chosen_workspace(session, name)
