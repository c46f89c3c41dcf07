"""The files of jobs, as rows of the database: web and workers share no disk. Each is kept for a day at most.

A file is written and read part by part, so that memory stays flat however large it is.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, exists, select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.models import Job, StoredFile, StoredPart
from webapp.models.job import ACTIVE


class FileErased(Exception):
    """A part of a file is not there any more: its day was over while it was read."""


# How long a file is kept.
KEPT = timedelta(days=1)
# The size of a part of a file that is brought, in bytes.
PART_SIZE = 256 * 1024
# Files that are erased in one transaction.
ERASED_AT_ONCE = 10


def new_file(
    session: Session,
    *,
    workspace_id: int,
    name: str,
    now: datetime,
    user_id: int | None = None,
    job_id: int | None = None,
) -> StoredFile:
    """Begin a file without parts, in the caller's write transaction. The file has its id."""
    file = StoredFile(
        workspace_id=workspace_id,
        user_id=user_id,
        job_id=job_id,
        name=name[-255:],
        created_at=now,
        expires_at=now + KEPT,
    )
    session.add(file)
    session.flush()
    return file


def add_part(session: Session, file: StoredFile, data: bytes) -> None:
    """Add the next part, in the caller's write transaction."""
    session.add(StoredPart(file_id=file.id, number=file.parts, data=data))
    file.parts += 1
    file.size += len(data)
    session.flush()


def complete(file: StoredFile, now: datetime) -> None:
    """The file has all its parts, and is kept for a day from now on."""
    file.completed_at, file.expires_at = now, now + KEPT


def find_file(session: Session, workspace_id: int, file_id: int, now: datetime) -> StoredFile | None:
    """The workspace's complete file, if there is one that has not expired."""
    file = session.get(StoredFile, file_id, populate_existing=True)
    if file is None or file.workspace_id != workspace_id or file.completed_at is None:
        return None
    return file if file.expires_at > now else None


def file_of(session: Session, job: Job, now: datetime) -> StoredFile | None:
    """The complete file that the job has made, while it is kept."""
    file_id = session.scalar(select(StoredFile.id).where(StoredFile.job_id == job.id))
    return None if file_id is None else find_file(session, job.workspace_id, file_id, now)


def read_part(session: Session, file_id: int, number: int) -> bytes | None:
    """One part; None where there is none, or no longer."""
    return session.scalar(
        select(StoredPart.data).where(StoredPart.file_id == file_id, StoredPart.number == number)
    )


def read_parts(session: Session, file_id: int, *, first: int = 0) -> Iterator[bytes]:
    """The parts from number `first` on, each by a statement of its own."""
    number = first
    while (data := read_part(session, file_id, number)) is not None:
        yield data
        number += 1


def erase_file(session: Session, file_id: int) -> None:
    """Erase the file and its parts, in the caller's write transaction. Doing it twice changes nothing."""
    execute_update(session, delete(StoredFile).where(StoredFile.id == file_id))


def erase_old_files(session: Session, *, limit: int = ERASED_AT_ONCE) -> int:
    """Erase files whose day is over, at most `limit`; not those that an active job still makes. Returns how
    many were erased; commits."""
    old = _old(read_clock(session)).limit(limit)
    if session.scalar(old.limit(1)) is None:
        # Looking is a read. The write lock is only for where there is something to write.
        return 0
    with write_transaction(session):
        ids = session.scalars(old).all()
        return execute_update(session, delete(StoredFile).where(StoredFile.id.in_(ids)))


def _old(now: datetime) -> Select[int]:
    is_being_made = exists().where(Job.id == StoredFile.job_id, Job.state.in_(ACTIVE))
    return (
        select(StoredFile.id)
        .where(StoredFile.expires_at <= now, ~is_being_made)
        .order_by(StoredFile.expires_at)
    )
