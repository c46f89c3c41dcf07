"""`flask contacts import`: contacts from a CSV file, as a job that the command carries out itself."""

import sys
import uuid
from collections.abc import Callable
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from webapp.cli.carrying_out import carry_out_here, not_ringing
from webapp.cli.database import Refusal, check_database, chosen_workspace, readable, shown
from webapp.cli.naming import named
from webapp.cli.progress import progress
from webapp.cli.ringing import ring_for_due
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.importing.brought import bring
from webapp.importing.choices import SKIP, UPDATE, Choices
from webapp.importing.csv_lines import UnreadableFile
from webapp.importing.deciding import ALREADY_THERE, AMONG_THE_DELETED, UNCHANGED
from webapp.importing.encodings import DAMAGED
from webapp.importing.fields import COLUMNS, Field
from webapp.importing.reading import About
from webapp.importing.records import StoredRecord, read_header, read_records
from webapp.importing.report import Split, also_deleted, first_lines, splits, unread_lines
from webapp.importing.start import start
from webapp.importing.work import NoSuchList
from webapp.jobs.files import erase_file
from webapp.models import Job
from webapp.models.import_line import LineOutcome
from webapp.words.imports import put_on_list, why_rejected, why_skipped
from webapp.words.numbers import counted, number
from webapp.worker.services import services

SHOWN_IN_FULL = 20
# In bytes. A smaller file takes too little time for a progress bar.
WORTH_A_BAR = 100_000


@click.group("contacts")
def contacts_group() -> None:
    """Contacts of a workspace."""


@contacts_group.command("import")
@click.argument("path", metavar="FILE.csv", type=click.Path(path_type=Path))
@click.option("--workspace", "name", help="Where to add them.  [default: the first workspace]")
@click.option("--update", is_flag=True, help="Update contacts that exist, instead of leaving their rows out.")
@click.option("--list", "list_name", help="Put all of them on this list, too.")
@click.option("--not-agreed", is_flag=True, help="Put new contacts on their lists as Unconfirmed.")
@click.option("--no-automations", is_flag=True, help="Begin no automations.")
@click.option("--even-if-deleted", is_flag=True, help="Also add rows whose address a deleted contact has.")
@click.option("--keep-commas", is_flag=True, help="Do not split Tags and Lists without “;” at their commas.")
@with_appcontext
def import_contacts(
    path: Path,
    name: str | None,
    update: bool,
    list_name: str | None,
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
    accounts, tags and lists are created, and the automations of these lists and tags begin. With --list, all
    contacts that are added or updated are put on that list, which has to exist, as if each row named it.
    Rows that cannot be imported are left out; their lines and the reasons are printed. A file with a
    quotation mark that is never closed is refused.

    The import is a job: if this command is killed, a worker goes on with it.

    Exit status: 0 if all rows were imported, 1 if some were left out, 2 if nothing could be read.
    """
    session = db.session()
    check_database(session)
    workspace_id = chosen_workspace(session, name).id
    # An empty name is none that a list has: a script may have lost it.
    put_on = None if list_name is None else named(session, workspace_id, "list", list_name)
    try:
        with path.open("rb") as file:
            file_id, mapping = _store(session, workspace_id, path, file)
    except UnreadableFile as error:
        raise Refusal(f"{readable(str(path))} cannot be imported. {error} Nothing was changed.") from error
    except OSError as error:
        why = error.strerror or str(error).rstrip(".")
        raise Refusal(f"{readable(str(path))} cannot be read: {why}. Nothing was changed.") from error
    choices = Choices(
        mapping,
        existing=UPDATE if update else SKIP,
        agreed=not not_agreed,
        wake=not no_automations,
        even_if_deleted=even_if_deleted,
        keep_commas=keep_commas,
        put_on=put_on,
    )
    job = carry_out_here(_start(session, workspace_id, file_id, choices).id)
    _tell_left_out(session, job)
    left_out = sum(job.count(code) for code in (LineOutcome.REJECTED, ALREADY_THERE, AMONG_THE_DELETED))
    _sum_up(session, job, left_out)
    if job.count(LineOutcome.ADDED) or job.count(LineOutcome.UPDATED):
        ring_for_due()
    if left_out:
        sys.exit(1)


def _start(session: Session, workspace_id: int, file_id: int, choices: Choices) -> Job:
    """The import of the stored file as a job. Reading a large file takes minutes: by then its list may be
    gone."""
    try:
        return start(
            session,
            services().lock,
            not_ringing,
            workspace_id=workspace_id,
            requested_by=None,
            key=str(uuid.uuid4()),
            request=choices.to_request(file_id),
        )
    except NoSuchList:
        with write_transaction(session):
            erase_file(session, file_id)
        assert choices.put_on is not None
        name = shown(choices.put_on.name)
        raise Refusal(f"The list “{name}” has just been deleted. Nothing was changed.") from None


def _store(session: Session, workspace_id: int, path: Path, source: BinaryIO) -> tuple[int, dict[str, str]]:
    """Store the file for its import; returns its id and the mapping of its columns. Raises UnreadableFile."""
    size = path.stat().st_size
    with progress("Reading the file", size, is_long=size > WORTH_A_BAR) as bar:
        # A file's name need not be Unicode.
        name = path.name.encode("utf-8", "backslashreplace").decode()
        watched = cast(BinaryIO, _Watched(source, bar.update))
        file = bring(session, watched, name, workspace_id=workspace_id)
    file_id, about, header = file.id, About.from_json(file.about or {}), read_header(session, file.id)
    assert header is not None
    try:
        _check(session, file_id, about, header)
    except UnreadableFile:
        with write_transaction(session):
            erase_file(session, file_id)
        raise
    _warn([name.strip() for at, name in enumerate(header.fields) if str(at) not in about.mapping])
    return file_id, dict(about.mapping)


def _check(session: Session, file_id: int, about: About, header: StoredRecord) -> None:
    """What a person would be asked in the browser is refused here: scripts are not asked."""
    if about.encoding == DAMAGED or about.is_doubtful:
        damaged = next((each.line for each in read_records(session, file_id) if each.fault), None)
        where = f" (line {damaged:,})" if damaged else ""
        raise UnreadableFile(f"It is not UTF-8 text{where}. Save it as “CSV UTF-8” and try again.")
    if Field.EMAIL not in about.mapping.values():
        raise UnreadableFile(
            f"Its header (line {header.line}) has no column “{COLUMNS[Field.EMAIL]}”. The columns are "
            f"{', '.join(COLUMNS.values())}."
        )


class _Watched(RawIOBase):
    """A file that tells where it is read."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        self._file, self._tell = file, tell

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._tell(self._file.tell())
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)


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
    if put_on := put_on_list(job):
        parts.append(readable(put_on))
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
