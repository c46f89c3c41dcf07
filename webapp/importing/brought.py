"""Files that people bring: stored part by part, one waiting file for each person, and gone after a day.

A file is read twice, and memory stays flat: first to see whether it can be imported at all, so that nothing
of one that cannot is stored; then record by record, with a short transaction for each part.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.importing.detecting import reread
from webapp.importing.encodings import charset
from webapp.importing.formats import VCARD, recognise
from webapp.importing.reading import About, look
from webapp.importing.records import RecordWriter, StoredRecord, read_records
from webapp.jobs.files import PART_SIZE, complete, erase_file, new_file
from webapp.models import Job, StoredFile
from webapp.models.job import ACTIVE

# The kind of the job that imports a file.
KIND = "import"
# A transaction writes at most so many records.
MOST_AT_ONCE = 2_000
# An upload that has not ended by then never will.
GIVEN_UP = timedelta(minutes=15)


class FileGone(LookupError):
    """The file was erased while it was read."""


def bring(
    session: Session,
    source: BinaryIO,
    name: str,
    *,
    workspace_id: int,
    user_id: int | None = None,
    most_lines: int | None = None,
) -> StoredFile:
    """Store the file `source`, which can be sought, for its import. Commits part by part; until it returns,
    there is no complete file. Erases the files that the user brought before and that no job reads.

    Raises UnreadableFile if it cannot be imported or has more than `most_lines` lines; then nothing was
    stored.
    """
    brought = look(source, most_lines=most_lines)
    file = _begin(session, name, workspace_id, user_id)
    _write_all(session, file, chain([brought.header], brought.records()))
    _finish(session, file, brought.about)
    return file


def _begin(session: Session, name: str, workspace_id: int, user_id: int | None) -> StoredFile:
    with write_transaction(session):
        return new_file(
            session, workspace_id=workspace_id, name=name, now=read_clock(session), user_id=user_id
        )


def _write_all(session: Session, file: StoredFile, records: Iterable[StoredRecord]) -> None:
    """Write the records, with a short transaction for each part; they are read between these."""
    writer, pending, size = RecordWriter(session, file), [], 0
    for record in records:
        pending.append(record)
        size += sum(map(len, record.fields))
        if size >= PART_SIZE or len(pending) >= MOST_AT_ONCE:
            _write(session, writer, pending)
            pending, size = [], 0
    _write(session, writer, pending)


def _write(session: Session, writer: RecordWriter, records: list[StoredRecord]) -> None:
    with write_transaction(session):
        for record in records:
            writer.write(record)
        writer.close()


def _finish(session: Session, file: StoredFile, about: About) -> None:
    with write_transaction(session):
        now = read_clock(session)
        file.about = about.to_json()
        complete(file, now)
        session.flush()
        if file.user_id is not None:
            _erase_earlier(session, file, file.user_id, now)


def _erase_earlier(session: Session, file: StoredFile, user_id: int, now: datetime) -> None:
    """Erase what the user brought before `file`, but what a job reads and what is just being brought."""
    is_over = StoredFile.completed_at.is_not(None) | (StoredFile.created_at < now - GIVEN_UP)
    earlier = select(StoredFile.id).where(
        StoredFile.user_id == user_id,
        StoredFile.workspace_id == file.workspace_id,
        StoredFile.job_id.is_(None),
        StoredFile.id != file.id,
        is_over,
    )
    in_use = jobs_reading(session, file.workspace_id)
    ids = [file_id for file_id in session.scalars(earlier) if file_id not in in_use]
    execute_update(session, delete(StoredFile).where(StoredFile.id.in_(ids)))


def jobs_reading(session: Session, workspace_id: int) -> dict[int, Job]:
    """The active imports of the workspace, by the file that each reads."""
    active = select(Job).where(Job.workspace_id == workspace_id, Job.kind == KIND, Job.state.in_(ACTIVE))
    return {job.request["file_id"]: job for job in session.scalars(active)}


def read_again(session: Session, file: StoredFile, encoding: str) -> StoredFile:
    """The brought file, read in another encoding: a new stored file, which takes the place of this one.

    Raises ValueError where the choice of an encoding makes no difference to it, and FileGone.
    """
    about = About.from_json(file.about or {})
    if charset(encoding) is None or charset(about.encoding) is None:
        raise ValueError(encoding)

    def other(text: str) -> str:
        return reread(text, about.encoding, encoding)

    old_id, mapping = file.id, dict(about.mapping)
    again = _begin(session, file.name, file.workspace_id, file.user_id)
    records = (
        replace(record, fields=tuple(map(other, record.fields))) for record in read_records(session, old_id)
    )
    header = next(records, None)
    if header is not None:
        if about.program != VCARD:
            # Names of columns can have such letters, too.
            mapping = {str(at): field.value for at, field in recognise(header.fields)[1].items()}
        _write_all(session, again, chain([header], records))
    if session.get(StoredFile, old_id, populate_existing=True) is None:
        # Another one has taken its place, so its records may have ended early.
        with write_transaction(session):
            erase_file(session, again.id)
        raise FileGone
    samples = [other(word) for word in about.samples]
    _finish(
        session, again, replace(about, encoding=encoding, samples=samples, is_doubtful=False, mapping=mapping)
    )
    return again
