"""The ledger of an import: a row for each record of the file. Each is written once, with what it is about."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.bulk import add_rows
from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.importing.deciding import Fate
from webapp.importing.records import StoredRecord
from webapp.jobs.files import KEPT
from webapp.models import ImportLine, Job
from webapp.models.import_line import LineOutcome

# Records that are erased in one transaction.
ERASED_AT_ONCE = 1000


def write_lines(
    session: Session, job_id: int, fates: Iterable[Fate], records: Mapping[int, StoredRecord]
) -> None:
    """Write what became of these records, in the batch's transaction. Rejected ones keep their fields, and so
    does the first one with a field that was split at commas: the command shows it."""
    shown = next((fate.line for fate in fates if (fate.reason or {}).get("splits")), None)
    add_rows(
        session,
        ImportLine,
        (
            {
                "job_id": job_id,
                "line": fate.line,
                "outcome": fate.outcome,
                "contact_id": fate.contact_id,
                "version": fate.version,
                "reason": fate.reason,
                "record": _kept(fate, records[fate.line], is_shown=fate.line == shown),
            }
            for fate in fates
        ),
    )


def _kept(fate: Fate, record: StoredRecord, *, is_shown: bool) -> Sequence[str] | None:
    keeps = fate.outcome is LineOutcome.REJECTED or is_shown
    # The databases store no NUL.
    return [_storable(text) for text in record.fields] if keeps and record.fields else None


def _storable(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def erase_old_records(session: Session, *, limit: int = ERASED_AT_ONCE) -> int:
    """Erase the fields of the rejected records of imports that have ended more than a day ago, at most
    `limit`: they are pieces of a file, and files are kept for a day. Returns how many were erased; commits.
    """
    ended = select(Job.id).where(Job.finished_at < read_clock(session) - KEPT)
    old = (
        select(ImportLine.job_id, ImportLine.line)
        .where(ImportLine.record.is_not(None), ImportLine.job_id.in_(ended))
        .order_by(ImportLine.job_id, ImportLine.line)
        .limit(limit)
    )
    if session.execute(old.limit(1)).first() is None:
        # Looking is a read. The write lock is only for where there is something to write.
        return 0
    with write_transaction(session):
        found = session.execute(old).all()
        erased = 0
        for job_id in {job_id for job_id, _ in found}:
            lines = [line for of, line in found if of == job_id]
            erased += execute_update(
                session,
                update(ImportLine)
                .where(ImportLine.job_id == job_id, ImportLine.line.in_(lines))
                .values(record=None),
            )
        return erased
