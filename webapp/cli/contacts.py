"""`flask contacts import`: contacts from a CSV file, as a job that the command carries out itself."""

import sys
import uuid
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from webapp.cli.carrying_out import carry_out_here, not_ringing
from webapp.cli.database import Refusal, check_database, chosen_workspace, paced_transaction, readable, shown
from webapp.cli.progress import progress
from webapp.cli.ringing import ring_for_due
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.importing.csv_lines import UnreadableFile
from webapp.importing.csv_records import NOTHING, Record, check_file, read_records
from webapp.importing.deciding import ALREADY_THERE, AMONG_THE_DELETED, UNCHANGED
from webapp.importing.fields import COLUMNS, Field
from webapp.importing.order import SKIP, UPDATE
from webapp.importing.records import RecordWriter, StoredRecord
from webapp.importing.report import Split, also_deleted, first_lines, splits, unread_lines
from webapp.importing.start import start
from webapp.jobs.files import complete, erase_file, new_file
from webapp.models import Job, StoredFile
from webapp.models.import_line import LineOutcome
from webapp.words.imports import why_rejected, why_skipped
from webapp.words.numbers import counted, number
from webapp.worker.services import services

SHOWN_IN_FULL = 20
# In bytes. A smaller file takes too little time for a progress bar.
WORTH_A_BAR = 100_000
# Records that are stored in one transaction.
STORED_AT_ONCE = 2000


@click.group("contacts")
def contacts_group() -> None:
    """Contacts of a workspace."""


@contacts_group.command("import")
@click.argument("path", metavar="FILE.csv", type=click.Path(path_type=Path))
@click.option("--workspace", "name", help="Where to add them.  [default: the first workspace]")
@click.option("--update", is_flag=True, help="Update contacts that exist, instead of leaving their rows out.")
@click.option("--not-agreed", is_flag=True, help="Put new contacts on their lists as Unconfirmed.")
@click.option("--no-automations", is_flag=True, help="Begin no automations.")
@click.option("--even-if-deleted", is_flag=True, help="Also add rows whose address a deleted contact has.")
@click.option("--keep-commas", is_flag=True, help="Do not split Tags and Lists without “;” at their commas.")
@with_appcontext
def import_contacts(
    path: Path,
    name: str | None,
    update: bool,
    not_agreed: bool,
    no_automations: bool,
    even_if_deleted: bool,
    keep_commas: bool,
) -> None:
    """Add contacts from a CSV file in UTF-8.

    Its header is "Email, First Name, Last Name, Phone, Account, Tags, Lists", in any order; only Email is
    required, and other columns are ignored. It may have the other columns of an export, too: "Unconfirmed
    Lists", "Unsubscribed Lists", "Bounced Lists" and "Created Date". A first line such as "sep=;" names
    another separator than the comma. Several tags or lists in a field are separated by ";". A field without
    ";" is split at its commas; a tag or list that exists with a comma in its name stays whole. Missing
    accounts, tags and lists are created, and the automations of these lists and tags begin. Rows that cannot
    be imported are left out; their lines and the reasons are printed. A file with a quotation mark that is
    never closed is refused.

    The import is a job: if this command is killed, a worker goes on with it.

    Exit status: 0 if all rows were imported, 1 if some were left out, 2 if nothing could be read.
    """
    session = db.session()
    check_database(session)
    workspace_id = chosen_workspace(session, name).id
    try:
        with path.open("rb") as file:
            file_id, mapping = _store(session, workspace_id, path, file)
    except UnreadableFile as error:
        raise Refusal(f"{readable(str(path))} cannot be imported. {error} Nothing was changed.") from error
    except OSError as error:
        why = error.strerror or str(error).rstrip(".")
        raise Refusal(f"{readable(str(path))} cannot be read: {why}. Nothing was changed.") from error
    job = start(
        session,
        services().lock,
        not_ringing,
        workspace_id=workspace_id,
        requested_by=None,
        key=str(uuid.uuid4()),
        request={
            "file_id": file_id,
            "mapping": mapping,
            "existing": UPDATE if update else SKIP,
            "agreed": not not_agreed,
            "wake": not no_automations,
            "even_if_deleted": even_if_deleted,
            "keep_commas": keep_commas,
        },
    )
    job = carry_out_here(job.id)
    _tell_left_out(session, job)
    left_out = sum(job.count(code) for code in (LineOutcome.REJECTED, ALREADY_THERE, AMONG_THE_DELETED))
    _sum_up(session, job, left_out)
    if job.count(LineOutcome.ADDED) or job.count(LineOutcome.UPDATED):
        ring_for_due()
    if left_out:
        sys.exit(1)


def _store(session: Session, workspace_id: int, path: Path, source: BinaryIO) -> tuple[int, dict[str, str]]:
    """Store the file for its import; returns its id and the mapping of its columns."""
    records = read_records(source, check_file(source))
    header = next(records, NOTHING)
    mapping = _mapping(header)
    _warn([name.strip() for at, name in enumerate(header.fields) if str(at) not in mapping])
    with write_transaction(session):
        # A file's name need not be Unicode.
        name = path.name.encode("utf-8", "backslashreplace").decode()
        file = new_file(session, workspace_id=workspace_id, name=name, now=read_clock(session))
    file_id = file.id
    size = path.stat().st_size
    try:
        with progress("Reading the file", size, is_long=size > WORTH_A_BAR) as bar:
            # The number of rows is unknown, so the bar shows the position in the file.
            _write(session, file, header, records, lambda: bar.update(source.tell()))
    except BaseException:
        session.rollback()
        with write_transaction(session):
            erase_file(session, file_id)
        raise
    return file_id, mapping


def _write(
    session: Session,
    file: StoredFile,
    header: Record,
    records: Iterator[Record],
    tell: Callable[[], None],
) -> None:
    writer = RecordWriter(session, file)
    with paced_transaction(session):
        writer.write(StoredRecord(header.line, header.last_line, tuple(header.fields)))
    while some := list(islice(records, STORED_AT_ONCE)):
        with paced_transaction(session):
            for each in some:
                fault: dict[str, object] | None = {"code": "torn"} if each.fault else None
                writer.write(StoredRecord(each.line, each.last_line, tuple(each.fields), fault))
        tell()
    with write_transaction(session):
        writer.close()
        complete(file, read_clock(session))


def _mapping(header: Record) -> dict[str, str]:
    """Which column is about which field. Raises UnreadableFile where the header is none."""
    if header.fault:
        raise UnreadableFile(f"Its header (line {header.line}) cannot be read: {header.fault}.")
    fields = {name.lower(): field for field, name in COLUMNS.items()}
    mapping: dict[str, str] = {}
    for place, written in enumerate(header.fields):
        field = fields.get(" ".join(written.split()).lower())
        if field is None:
            continue
        if field in mapping.values():
            raise UnreadableFile(f"Its header has the column “{COLUMNS[field]}” twice.")
        mapping[str(place)] = field
    if Field.EMAIL not in mapping.values():
        raise UnreadableFile(
            f"Its header (line {header.line}) has no column “{COLUMNS[Field.EMAIL]}”. The columns are "
            f"{', '.join(COLUMNS.values())}, separated by commas, or by what a first line such as "
            "“sep=;” names."
        )
    return mapping


def _warn(unknown: list[str]) -> None:
    names = list(dict.fromkeys(unknown))
    for name in names[:SHOWN_IN_FULL]:
        what = f"The column “{shown(name)}” is unknown and" if name else "A column without a name"
        click.echo(f"{what} is ignored.", err=True)
    _and_more(len(names))


def _and_more(total: int) -> None:
    if total > SHOWN_IN_FULL:
        click.echo(f"… and {number(total - SHOWN_IN_FULL)} more", err=True)


def _tell_left_out(session: Session, job: Job) -> None:
    """Print the first rows that were left out, with the reasons. Those about deleted contacts are summed
    up."""
    for line in first_lines(session, job, size=SHOWN_IN_FULL):
        if line.outcome is LineOutcome.REJECTED:
            why = why_rejected(line.reason, line.line, line.record, job.request["mapping"])
        else:
            why = why_skipped(line.email, line.name)
        click.echo(f"Line {line.line}: {readable(why)}.", err=True)
    _and_more(job.count(LineOutcome.REJECTED) + job.count(ALREADY_THERE))


def _sum_up(session: Session, job: Job, left_out: int) -> None:
    updated = job.count(LineOutcome.UPDATED)
    parts = [f"{counted(job.count(LineOutcome.ADDED), 'contact')} added."]
    if updated:
        parts.append(f"{counted(updated, 'contact')} updated.")
    if same := job.count(UNCHANGED):
        parts.append(f"{counted(same, 'contact')} {_verb(same, 'is', 'are')} as the file says already.")
    if left_out:
        parts.append(f"{counted(left_out, 'row')} {_verb(left_out, 'was', 'were')} left out.")
    if unread := unread_lines(session, job):
        parts.append(f"{counted(unread, 'further line')} {_verb(unread, 'was', 'were')} not read.")
    click.echo(" ".join(parts))
    if split := splits(session, job):
        _tell_splits(split)
    if job.request["even_if_deleted"]:
        if in_bin := also_deleted(session, job):
            click.echo(f"{_deleted(in_bin)} as well. A restore skips contacts whose address is taken.")
    elif in_bin := job.count(AMONG_THE_DELETED):
        click.echo(
            f"{_deleted(in_bin)}: restore instead. --even-if-deleted adds them as new contacts anyway."
        )


def _tell_splits(split: Split) -> None:
    were = _verb(split.fields, "was split at its commas", "were split at their commas")
    click.echo(
        f"{counted(split.fields, 'field')} without “;” {were}: in line {split.line:,}, "
        f"“{shown(split.text)}” became {split.names} {split.kind.lower()}. "
        "--keep-commas keeps such a field as one name."
    )


def _deleted(count: int) -> str:
    return f"{number(count)} of these {_verb(count, 'is', 'are')} among the deleted contacts"


def _verb(count: int, singular: str, plural: str) -> str:
    return singular if count == 1 else plural
