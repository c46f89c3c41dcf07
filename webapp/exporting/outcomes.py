"""The report of a restore or an undo: what became of each contact, by its id."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.contacts.keyset import Place
from webapp.exporting.source import Batch, Cells
from webapp.jobs.queries import find_job
from webapp.models import Job, RestoreOutcome
from webapp.restoring.report import ContactOutcome, all_outcomes
from webapp.restoring.undo_work import UNDO
from webapp.restoring.work import RESTORE

# The kinds of jobs that have such a report.
KINDS = (RESTORE.kind, UNDO.kind)
# Makes the cells of an outcome in a job of this kind. The domain has no sentences; they are handed in.
Line = Callable[[str, ContactOutcome], Cells]


@dataclass(frozen=True)
class Lines:
    """The columns of a report, and what makes its rows."""

    header: Cells
    line: Line


@dataclass(frozen=True)
class Report:
    """The report of the ended job `job_id`, which is final. `kind` and `number` name the job."""

    what: ClassVar[str] = "report"
    is_for_admins: ClassVar[bool] = True
    is_forgotten: ClassVar[bool] = False

    job_id: int
    kind: str
    number: int | None
    lines: Lines

    @property
    def header(self) -> Cells:
        return self.lines.header

    @property
    def file_name(self) -> str:
        return f"{self.kind}-{self.number or self.job_id}-report"

    def exists(self, session: Session, workspace_id: int) -> bool:
        """Whether there is this report in the workspace."""
        job = find_job(session, workspace_id, KINDS, self.job_id)
        return job is not None and job.has_ended

    def anew(self, session: Session, now: datetime) -> Self:
        return self

    def read(self, session: Session, *, after: Place | None, size: int, now: datetime) -> Batch:
        job = session.get_one(Job, self.job_id)
        found = all_outcomes(session, job, size=size, after=_id(after))
        rows = [self.lines.line(self.kind, outcome) for outcome in found]
        return Batch(rows, (found[-1].contact_id,) if found else None, len(found) < size)

    def skip(self, session: Session, *, after: Place | None) -> Place | None:
        found = all_outcomes(session, session.get_one(Job, self.job_id), size=1, after=_id(after))
        return (found[0].contact_id,) if found else None

    def count(self, session: Session) -> int:
        of_job = select(func.count()).select_from(RestoreOutcome).where(RestoreOutcome.job_id == self.job_id)
        return session.scalar(of_job) or 0

    def to_request(self) -> dict[str, Any]:
        return {"what": self.what, "job": self.job_id, "kind": self.kind, "number": self.number}

    @classmethod
    def of(cls, job: Job, lines: Lines) -> Self:
        return cls(job.id, job.kind, job.number, lines)

    @classmethod
    def from_request(cls, request: Mapping[str, Any], lines: Lines) -> Self:
        """What `to_request` wrote."""
        return cls(request["job"], request["kind"], request["number"], lines)


def _id(after: Place | None) -> int | None:
    return None if after is None else int(str(after[0]))
