"""What became of the records of an import, for its report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from webapp.importing.deciding import ALREADY_THERE, AMONG_THE_DELETED
from webapp.importing.fields import STATUSES, Field
from webapp.importing.rows import Columns
from webapp.models import Contact, ImportLine, Job
from webapp.models.import_line import LineOutcome

# Lines that are read at once.
SLICE = 500


@dataclass(frozen=True)
class Line:
    """One record that was left out, and the contact that it is about, as it is now: none if it is deleted."""

    line: int
    outcome: LineOutcome
    reason: dict[str, Any] = field(default_factory=dict)
    record: Sequence[str] | None = None
    contact_id: int | None = None
    email: str | None = None
    name: str = ""


@dataclass(frozen=True)
class Split:
    """How many fields were split at commas, and the first of them: its text in `line`, and how many tags or
    lists (`kind`) it became."""

    fields: int
    line: int
    text: str
    kind: str
    names: int


def lines(session: Session, job: Job, outcome: LineOutcome, *, after: int | None, size: int) -> list[Line]:
    """The lines with this outcome that come after line `after`, at most `size`."""
    found = _lines(job).where(ImportLine.outcome == outcome).limit(size)
    if after is not None:
        found = found.where(ImportLine.line > after)
    return [_line(*row) for row in session.execute(found)]


def keeps_records(session: Session, job: Job) -> bool:
    """Whether fields of rejected records are still kept."""
    kept = _with_record(job).limit(1)
    return session.scalar(kept) is not None


def rejected_records(session: Session, job: Job) -> Iterator[ImportLine]:
    """The rejected lines whose fields are kept, by line. Reads a slice at a time."""
    after = 0
    while found := session.scalars(_with_record(job).where(ImportLine.line > after).limit(SLICE)).all():
        yield from found
        after = found[-1].line


def _with_record(job: Job) -> Select[ImportLine]:
    return (
        select(ImportLine)
        .where(
            ImportLine.job_id == job.id,
            ImportLine.record.is_not(None),
            ImportLine.outcome == LineOutcome.REJECTED,
        )
        .order_by(ImportLine.line)
    )


def first_lines(session: Session, job: Job, *, size: int) -> list[Line]:
    """The first lines that were rejected, or whose contact exists, by line."""
    rejected = lines(session, job, LineOutcome.REJECTED, after=None, size=size)
    exists = _lines(job).where(
        ImportLine.outcome == LineOutcome.SKIPPED, ImportLine.reason["code"].as_string() == ALREADY_THERE
    )
    skipped = [_line(*row) for row in session.execute(exists.limit(size))]
    return sorted([*rejected, *skipped], key=lambda each: each.line)[:size]


def _lines(job: Job) -> Select[ImportLine, int, str | None, str, str]:
    return (
        select(ImportLine, Contact.id, Contact.email, Contact.first_name, Contact.last_name)
        .outerjoin(
            Contact,
            and_(
                Contact.id == ImportLine.contact_id,
                Contact.workspace_id == job.workspace_id,
                Contact.deleted_at.is_(None),
            ),
        )
        .where(ImportLine.job_id == job.id)
        .order_by(ImportLine.line)
    )


def _line(
    row: ImportLine, contact_id: int | None, email: str | None, first_name: str | None, last_name: str | None
) -> Line:
    name = f"{first_name or ''} {last_name or ''}".strip()
    return Line(row.line, row.outcome, row.reason or {}, row.record, contact_id, email, name)


def unread_lines(session: Session, job: Job) -> int:
    """How many lines belong to records that could not be read, beside the first of each."""
    unread = ImportLine.reason["unread"].as_integer()
    rejected = ImportLine.outcome == LineOutcome.REJECTED
    return session.scalar(select(func.sum(unread)).where(ImportLine.job_id == job.id, rejected)) or 0


def also_deleted(session: Session, job: Job) -> int:
    """How many contacts were added although a deleted one has the address."""
    code = ImportLine.reason["code"].as_string()
    return (
        session.scalar(
            select(func.count()).where(
                _imported(job), ImportLine.reason.is_not(None), code == AMONG_THE_DELETED
            )
        )
        or 0
    )


def splits(session: Session, job: Job) -> Split | None:
    """How fields of imported rows were split at commas; None if none was, or the texts are kept no longer."""
    fields = ImportLine.reason["splits"].as_integer()
    total = session.scalar(select(func.sum(fields)).where(_imported(job), ImportLine.reason.is_not(None)))
    first = session.scalar(
        select(ImportLine)
        .where(_imported(job), ImportLine.record.is_not(None))
        .order_by(ImportLine.line)
        .limit(1)
    )
    if not total or first is None or first.record is None or first.reason is None:
        return None
    kind, names = first.reason["kind"], first.reason["names"]
    columns = Columns(job.request["mapping"], 0)
    among = [Field.TAGS] if kind == "Tags" else list(STATUSES)
    cells = (cell for each in among for cell in columns.cells(each, first.record))
    text = next((cell for cell in cells if "," in cell and ";" not in cell), "")
    return Split(total, first.line, text, kind, names)


def _imported(job: Job) -> Any:
    return and_(
        ImportLine.job_id == job.id,
        or_(ImportLine.outcome == LineOutcome.ADDED, ImportLine.outcome == LineOutcome.UPDATED),
    )
