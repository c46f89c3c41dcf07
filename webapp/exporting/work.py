"""The export as a kind of job: each batch adds one part to the file that the job makes.

A part is written in its batch's transaction, so that the fence covers it: whatever runner dies or wakes up
late, each row is in the file once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import avoid_whole_table_plans
from webapp.exporting.outcomes import Lines, Report
from webapp.exporting.request import read_source, set_apart, source_of
from webapp.exporting.source import Source, to_cursor, to_place
from webapp.exporting.table import part
from webapp.jobs.files import add_part, complete, erase_file, new_file
from webapp.jobs.work import NotAllowed, NotStarted, Order, Step, Work
from webapp.models import Job, Right, StoredFile, User
from webapp.models.job import JobState, Note

EXPORTED, FAILED = "exported", "failed"
# Why an export stops: its requester may not export this any more.
EXPORT_NOT_ALLOWED = "export_not_allowed"


class NothingToExport(NotStarted):
    """There is no such report."""


class ExportWork(Work):
    kind = "export"
    right = Right.EXPORT
    group = None
    queue = "bulk"
    # Measured: at most a second on PostgreSQL, and 100 ms on SQLite.
    batch_sizes: ClassVar = {"postgresql": 5000, "sqlite": 1000}
    refusals = ()

    def __init__(self, lines: Lines) -> None:
        """`lines` makes the rows of reports."""
        self.lines = lines

    def set_apart(self, request: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
        return set_apart(request)

    def source(self, workspace_id: int, request: Mapping[str, Any]) -> Source:
        """What a request asks for, with the texts in it."""
        return read_source(workspace_id, request, self.lines)

    def source_of(self, job: Job) -> Source:
        """What a job has been asked for."""
        return source_of(job, self.lines)

    def may_see(self, user: User, source: Source) -> bool:
        """Whether the user may export it, and download the file."""
        return user.may_restore or (user.may(Right.EXPORT) and not source.is_for_admins)

    def may_download(self, user: User, job: Job) -> bool:
        return self.may_see(user, self.source_of(job))

    def admit(self, session: Session, order: Order) -> None:
        """Who may export may export contacts; deleted contacts and reports are for Admins only."""
        self.check_requester(session, order)
        source = self.source(order.workspace_id, order.request)
        by = None if order.requested_by is None else session.get_one(User, order.requested_by)
        if by is not None and not self.may_see(by, source):
            raise NotAllowed
        if isinstance(source, Report) and not source.exists(session, order.workspace_id):
            raise NothingToExport

    def why_not(self, session: Session, job: Job) -> Note | None:
        if job.requester is None or self.may_see(job.requester, self.source_of(job)):
            return None
        return {"code": EXPORT_NOT_ALLOWED, "user": job.requested_by}

    def batch(self, session: Session, job: Job, *, size: int, careful: bool) -> Step:
        now, source = read_clock(session), self.source_of(job)
        avoid_whole_table_plans(session)
        found = source.read(session, after=to_place(job.cursor), size=size, now=now)
        file = _file(session, job)
        if file is None:
            name = f"{source.file_name}-export-{job.number}.csv"
            file = new_file(session, workspace_id=job.workspace_id, name=name, now=now, job_id=job.id)
            add_part(session, file, part(found.rows, header=source.header))
        elif found.rows:
            add_part(session, file, part(found.rows))
        return Step(
            cursor=job.cursor if found.end is None else to_cursor(found.end),
            counts={EXPORTED: len(found.rows)},
            items=len(found.rows),
            is_last=found.is_last,
        )

    def leave_out(self, session: Session, job: Job) -> Step:
        skipped = self.source_of(job).skip(session, after=to_place(job.cursor))
        if skipped is None:
            return Step(cursor=job.cursor, is_last=True)
        return Step(cursor=to_cursor(skipped), counts={FAILED: 1}, items=1)

    def wrap_up(self, session: Session, job: Job, now: datetime) -> None:
        """The file of an export that is done is complete; one that was stopped leaves none."""
        file = _file(session, job)
        if file is None:
            return
        if job.state == JobState.DONE:
            complete(file, now)
        else:
            erase_file(session, file.id)


def _file(session: Session, job: Job) -> StoredFile | None:
    """The file that the job makes, as it is in the database."""
    query = select(StoredFile).where(StoredFile.job_id == job.id)
    return session.scalar(query, execution_options={"populate_existing": True})
