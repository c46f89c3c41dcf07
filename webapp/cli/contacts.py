"""`flask contacts import`: contacts from a CSV file."""

import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.cli.database import Refusal, check_database, chosen_workspace, readable, rest_on, shown
from webapp.cli.progress import Progress, progress
from webapp.cli.ringing import ring_for_due
from webapp.extensions import db
from webapp.importing.adding import BATCH, Import
from webapp.importing.csv_lines import UnreadableFile
from webapp.importing.csv_records import NOTHING, check_file, read_records
from webapp.importing.names import NameFields
from webapp.importing.rows import BadRow, Header, Row, read_header, read_row
from webapp.words.numbers import counted, number

SHOWN_IN_FULL = 20
# In bytes. A smaller file takes too little time for a progress bar.
WORTH_A_BAR = 100_000


@click.group("contacts")
def contacts_group() -> None:
    """Contacts of a workspace."""


@contacts_group.command("import")
@click.argument("path", metavar="FILE.csv", type=click.Path(path_type=Path))
@click.option("--workspace", "name", help="Where to add them.  [default: the first workspace]")
@click.option("--even-if-deleted", is_flag=True, help="Also add rows whose address a deleted contact has.")
@click.option("--keep-commas", is_flag=True, help="Do not split Tags and Lists without “;” at their commas.")
@with_appcontext
def import_contacts(path: Path, name: str | None, even_if_deleted: bool, keep_commas: bool) -> None:
    """Add contacts from a CSV file in UTF-8.

    Its header is "Email, First Name, Last Name, Phone, Account, Tags, Lists", in any order; only Email is
    required, and other columns are ignored. A first line such as "sep=;" names another separator than the
    comma. Several tags or lists in a field are separated by ";". A field without ";" is split at its commas;
    a tag or list that exists with a comma in its name stays whole. Missing accounts, tags and lists are
    created, and the automations of these lists and tags begin. Rows that cannot be imported are left out;
    their lines and the reasons are printed. A file with a quotation mark that is never closed is refused.

    Exit status: 0 if all rows were imported, 1 if some were left out, 2 if nothing could be read.
    """
    session = db.session()
    check_database(session)
    work = Import(chosen_workspace(session, name).id, path.name, even_if_deleted)
    try:
        with path.open("rb") as file:
            records = read_records(file, check_file(file))
            header = read_header(next(records, NOTHING))
            _warn(header)
            name_fields = NameFields.of_workspace(session, work.workspace_id, keep_commas=keep_commas)
            rows = (read_row(header, record, name_fields) for record in records)
            size = path.stat().st_size
            with progress("Adding contacts", size, is_long=size > WORTH_A_BAR) as bar:
                # The number of rows is unknown, so the bar shows the position in the file.
                bad_rows = _add_rows(session, work, rows, bar, file.tell)
            _and_more(bad_rows)
    except UnreadableFile as error:
        raise Refusal(f"{readable(str(path))} cannot be imported. {error} Nothing was changed.") from error
    except OSError as error:
        why = error.strerror or str(error).rstrip(".")
        raise Refusal(f"{readable(str(path))} cannot be read: {why}. Nothing was changed.") from error
    _sum_up(work)
    if work.added:
        ring_for_due()
    if work.left_out:
        sys.exit(1)


def _warn(header: Header) -> None:
    names = list(dict.fromkeys(header.unknown))
    for name in names[:SHOWN_IN_FULL]:
        what = f"The column “{shown(name)}” is unknown and" if name else "A column without a name"
        click.echo(f"{what} is ignored.", err=True)
    _and_more(len(names))


def _and_more(total: int) -> None:
    if total > SHOWN_IN_FULL:
        click.echo(f"… and {number(total - SHOWN_IN_FULL)} more", err=True)


def _add_rows(
    session: Session, work: Import, rows: Iterator[Row | BadRow], bar: Progress, position: Callable[[], int]
) -> int:
    """Add the rows batch by batch, print the first bad ones, and return how many bad ones there were.

    `position` returns the position in the file.
    """
    bad_rows, rest = 0, rest_on(session)
    try:
        while batch := list(islice(rows, BATCH)):
            with rest.following():
                rejected = work.add_batch(session, batch)
            for bad in rejected:
                bad_rows += 1
                if bad_rows <= SHOWN_IN_FULL:
                    bar.say(f"Line {bad.line}: {readable(bad.reason)}.")
            bar.update(position())
    except (OSError, UnreadableFile, SQLAlchemyError) as error:
        why = error.orig if isinstance(error, DBAPIError) else error
        raise click.ClickException(
            f"Stopped: {why}\n{counted(work.added, 'contact')} added before that. "
            "Import the file again when the cause is gone: nothing is added twice."
        ) from error
    return bad_rows


def _sum_up(work: Import) -> None:
    left_out = f" {counted(work.left_out, 'row')} {_verb(work.left_out, 'was', 'were')} left out."
    were = _verb(work.unread_lines, "was", "were")
    unread = f" {counted(work.unread_lines, 'further line')} {were} not read."
    click.echo(
        f"{counted(work.added, 'contact')} added."
        f"{left_out if work.left_out else ''}{unread if work.unread_lines else ''}"
    )
    if split := work.first_split:
        were = _verb(work.split_fields, "was split at its commas", "were split at their commas")
        click.echo(
            f"{counted(work.split_fields, 'field')} without “;” {were}: in line {split.line:,}, "
            f"“{shown(split.text)}” became {split.names} {split.column.lower()}. "
            "--keep-commas keeps such a field as one name."
        )
    if not work.in_bin:
        return
    deleted = f"{number(work.in_bin)} of these {_verb(work.in_bin, 'is', 'are')} among the deleted contacts"
    if work.even_if_deleted:
        click.echo(f"{deleted} as well. A restore skips contacts whose address is taken.")
    else:
        click.echo(f"{deleted}: restore instead. --even-if-deleted adds them as new contacts anyway.")


def _verb(count: int, singular: str, plural: str) -> str:
    return singular if count == 1 else plural
