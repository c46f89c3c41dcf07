"""Files that people bring: stored part by part, one waiting file for each person, and gone after a day.

A file is read twice, and memory stays flat: first to see whether it can be imported at all, so that nothing
of one that cannot is stored; then record by record, with a short transaction for each part.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.importing.detecting import reread, samples_of
from webapp.importing.encodings import charset
from webapp.importing.reading import About, Brought, look
from webapp.importing.records import RecordWriter, StoredRecord, read_records
from webapp.jobs.files import complete, new_file
from webapp.models import Job, StoredFile
from webapp.models.job import ACTIVE

# The kind of the job that imports a file.
KIND = "import"
# An upload that has not ended by then never will.
GIVEN_UP = timedelta(minutes=15)


def bring(
    session: Session, source: BinaryIO, name: str, *, workspace_id: int, user_id: int | None = None
) -> StoredFile:
    """Store the file `source`, which can be sought, for its import. Commits part by part; until it returns,
    there is no complete file. Erases the files that the user brought before and that no job reads.

    Raises UnreadableFile if it cannot be imported; then nothing was stored.
    """
    brought = look(source)
    return _store(session, brought, source, name, workspace_id, user_id)


def _store(
    session: Session, brought: Brought, source: BinaryIO, name: str, workspace_id: int, user_id: int | None
) -> StoredFile:
    records = brought.records(source)
    file, count = _begin(session, name, workspace_id, user_id), 0
    writer = RecordWriter(session, file)
    pending: list[StoredRecord] = [brought.header]
    # Records are read outside of the transaction that writes their part.
    for record in records:
        pending.append(record)
        count += 1
        if len(pending) >= RECORDS_AT_ONCE:
            _write(session, writer, pending)
    _finish(session, writer, pending, replace(brought.about, records=count), user_id)
    return file


# Some 100 to 300 KB.
RECORDS_AT_ONCE = 1_000


def _begin(session: Session, name: str, workspace_id: int, user_id: int | None) -> StoredFile:
    with write_transaction(session):
        return new_file(
            session, workspace_id=workspace_id, name=name, now=read_clock(session), user_id=user_id
        )


def _write(session: Session, writer: RecordWriter, pending: list[StoredRecord]) -> None:
    with write_transaction(session):
        for record in pending:
            writer.write(record)
        writer.close()
    pending.clear()


def _finish(
    session: Session, writer: RecordWriter, pending: list[StoredRecord], about: About, user_id: int | None
) -> None:
    _write(session, writer, pending)
    file = writer.file
    with write_transaction(session):
        now = read_clock(session)
        file.about = about.to_json()
        complete(file, now)
        session.flush()
        if user_id is not None:
            _erase_earlier(session, file, user_id, now)


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

    Raises ValueError where the choice of an encoding makes no difference to it.
    """
    about = About.from_json(file.about or {})
    if charset(encoding) is None or charset(about.encoding) is None:
        raise ValueError(encoding)

    def other(text: str) -> str:
        return reread(text, about.encoding, encoding)

    old_id, name, user_id = file.id, file.name, file.user_id
    again = _begin(session, name, file.workspace_id, user_id)
    writer = RecordWriter(session, again)
    pending: list[StoredRecord] = []
    for record, _place in read_records(session, old_id):
        pending.append(replace(record, fields=tuple(map(other, record.fields))))
        if len(pending) >= RECORDS_AT_ONCE:
            _write(session, writer, pending)
    changed = replace(
        about,
        encoding=encoding,
        samples=samples_of([other(word) for word in about.samples]),
        is_doubtful=False,
    )
    _finish(session, writer, pending, changed, user_id)
    return again
