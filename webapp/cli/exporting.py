"""`flask contacts export`: contacts as a CSV file."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from webapp.cli.carrying_out import carry_out_here, not_ringing
from webapp.cli.database import Refusal, check_database, chosen_workspace, readable
from webapp.cli.naming import named
from webapp.clock import read_clock
from webapp.contacts.wanted import Wanted
from webapp.exporting.deleted import DeletedContacts
from webapp.exporting.live import LiveContacts
from webapp.exporting.source import Source
from webapp.extensions import db
from webapp.jobs.files import file_of, read_parts
from webapp.jobs.start import start
from webapp.jobs.work import Order
from webapp.models import Job
from webapp.models.job import JobState
from webapp.models.mailing_list import SubscriptionStatus
from webapp.restoring.filters import Filters, why_unsearchable
from webapp.words.kinds import title, words_of
from webapp.worker.kinds import EXPORT
from webapp.worker.services import services

STANDARD_OUTPUT = "-"
STATUSES = [str(status) for status in SubscriptionStatus]


class Writable(Protocol):
    """What the file is written to."""

    def write(self, data: bytes, /) -> int: ...


@click.command("export")
@click.argument("path", metavar="FILE.csv|-")
@click.option("--workspace", "workspace_name", help="Whose contacts.  [default: the first workspace]")
@click.option("--search", default="", help="Only contacts in whose name or address these words are found.")
@click.option("--list", "list_name", default="", help="Only contacts on this list.")
@click.option("--status", type=click.Choice(STATUSES), help="Only those with this status on the list.")
@click.option("--tag", "tag_name", default="", help="Only contacts with this tag.")
@click.option("--account", "account_name", default="", help="Only contacts of this account.")
@click.option("--deleted", is_flag=True, help="The contacts deleted in the last 30 days instead.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@with_appcontext
def export_contacts(
    path: str,
    workspace_name: str | None,
    search: str,
    list_name: str,
    status: str | None,
    tag_name: str,
    account_name: str,
    deleted: bool,
    force: bool,
) -> None:
    """Write contacts as a CSV file in UTF-8, the newest first; "-" is the standard output.

    The file has the columns that an import reads: details, tags, and lists by the status on them. A text
    that a spreadsheet would take for a formula has an apostrophe before it, which an import removes. Deleted
    contacts also have who deleted them when, and the days that are left.

    Exit status: 0 if all contacts were written, 1 if the export was stopped, 2 if nothing was exported.
    """
    session = db.session()
    check_database(session)
    workspace_id = chosen_workspace(session, workspace_name).id
    names = {"list": list_name, "tag": tag_name, "account": account_name}
    names = {noun: name for noun, name in names.items() if name}
    if problem := why_unsearchable(search.strip()):
        raise Refusal(f"{problem} Nothing was exported.")
    if deleted and names:
        raise Refusal("Deleted contacts have only the filter --search. Nothing was exported.")
    if status and not list_name:
        raise Refusal("--status needs the list on which contacts have it: --list. Nothing was exported.")
    q = " ".join(search.split())
    source: Source
    if deleted:
        source = DeletedContacts.freeze(session, workspace_id, Filters(q=q), read_clock(session))
    else:
        ids = {
            f"{noun}_id": named(session, workspace_id, noun, name, "Nothing was exported.").id
            for noun, name in names.items()
        }
        has_status = SubscriptionStatus(status) if status else None
        wanted = Wanted(workspace_id, q, status=has_status, **ids)
        source = LiveContacts.freeze(session, wanted, names)
    with _target(path, force=force) as file:
        job = _carry_out(session, workspace_id, source)
        stored = file_of(session, job, read_clock(session))
        if job.state != JobState.DONE or stored is None:
            raise click.ClickException(f"{title(job)} was stopped. No file was written.")
        for data in read_parts(session, stored.id):
            file.write(data)
    said = words_of(job.kind).result(job)
    click.echo(said, err=path == STANDARD_OUTPUT)


def _carry_out(session: Session, workspace_id: int, source: Source) -> Job:
    total = source.count(session)
    order = Order(workspace_id, None, str(uuid4()), source.to_request(), total=total)
    job = start(session, services().lock, not_ringing, EXPORT, order)
    return carry_out_here(job.id)


@contextmanager
def _target(path: str, *, force: bool) -> Iterator[Writable]:
    """The file to write. It appears under its name when it is complete, so that no old one is lost to an
    export that fails. Raises Refusal if it cannot be written, or exists and is not to be replaced."""
    if path == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    if target.exists() and not (force and target.is_file()):
        hint = "" if target.is_dir() else " --force replaces it."
        raise Refusal(f"{readable(path)} exists already.{hint} Nothing was exported.")
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name[:100]}.", delete=False
        ) as file:
            name = file.name
            try:
                yield file
                file.close()
                os.chmod(name, 0o666 & ~_umask())
                os.replace(name, target)
            except BaseException:
                os.unlink(name)
                raise
    except OSError as error:
        why = error.strerror or str(error)
        raise Refusal(f"{readable(path)} cannot be written: {why}.") from error


def _umask() -> int:
    """The process's mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
