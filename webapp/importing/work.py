"""The import as a kind of job: batches of records of the stored file.

Each record gets one row in the ledger, in the transaction that imports it, and the cursor is a place in the
file: so each is imported once, however often the job is interrupted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.catalogue.lookup import name_of
from webapp.clock import read_clock
from webapp.contacts.deleted_addresses import DeletedAddresses
from webapp.importing.adding import Writer
from webapp.importing.deciding import CRASHED, REFUSED, Fate, decide, rejected
from webapp.importing.fields import Field
from webapp.importing.ledger import write_lines
from webapp.importing.names import NameFields
from webapp.importing.order import ImportRequest, Named, set_apart
from webapp.importing.records import BEGINNING, Place, Records, StoredRecord, read_header
from webapp.importing.rows import Columns, read_row
from webapp.jobs.files import erase_file, find_file
from webapp.jobs.isolation import by_halves
from webapp.jobs.work import NotStarted, Order, Step, Work
from webapp.models import Job, MailingList, Right
from webapp.models.audit_event import Action, record
from webapp.models.import_line import LineOutcome
from webapp.models.job import Note

# Why an import stops: its file has been erased, because it was kept for a day.
FILE_GONE = "file_gone"
# The code for a requester who may not import any more.
IMPORT_NOT_ALLOWED = "import_not_allowed"

_NAMES = (Field.EMAIL, Field.FIRST_NAME, Field.LAST_NAME, Field.FULL_NAME)


class NoSuchFile(NotStarted):
    """The account has no such file, or no longer: files are kept for a day."""


class NoSuchColumn(NotStarted):
    """The mapping names a column that the file does not have, or a field that does not exist."""


class NothingToFindBy(NotStarted):
    """No column is mapped to an address or a name: no row could be a contact."""


class NoSuchList(NotStarted):
    """The account has no such list, or it was deleted since it was chosen."""


class NotUnderstood(NotStarted):
    """The request has a value that stands for nothing."""


@dataclass(frozen=True)
class _Kept:
    """What a process keeps in memory from batch to batch of the job that it carries out."""

    job: str
    records: Records
    columns: Columns
    deleted: DeletedAddresses


class ImportWork(Work):
    kind = "import"
    right = Right.IMPORT
    not_allowed = IMPORT_NOT_ALLOWED
    begins_runs = True
    group = None
    queue = "bulk"
    batch_sizes: ClassVar = {"postgresql": 1000, "sqlite": 150}
    refusals = (IntegrityError,)

    def __init__(self) -> None:
        self._last: _Kept | None = None

    def set_apart(self, request: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
        return set_apart(request)

    def admit(self, session: Session, order: Order) -> None:
        self.check_requester(session, order)
        asked = ImportRequest.of(order.request)
        if find_file(session, order.workspace_id, asked.file_id, read_clock(session)) is None:
            raise NoSuchFile
        header = read_header(session, asked.file_id)
        if header is None:
            raise NoSuchFile
        check_mapping(asked.mapping, len(header.fields))
        if asked.existing not in ("skip", "update"):
            raise NotUnderstood
        if asked.list_id is not None and _list_name(session, order.workspace_id, asked) is None:
            raise NoSuchList

    def why_not(self, session: Session, job: Job) -> Note | None:
        file = find_file(session, job.workspace_id, job.request["file_id"], read_clock(session))
        return {"code": FILE_GONE} if file is None else self.why_not_allowed(job)

    def prepare(self, session: Session, job: Job, *, size: int) -> None:
        if self.why_not(session, job) is None:
            self._kept(session, job).deleted.read(session, read_clock(session))

    def batch(self, session: Session, job: Job, *, size: int, careful: bool) -> Step:
        now, asked, kept = read_clock(session), ImportRequest.of(job.request), self._kept(session, job)
        records, cursor = _next_records(session, job, kept.records, size)
        if len(records) < size and self.why_not(session, job):
            # Not its end: it was erased since the job began this batch. The next one says why it stops.
            return Step(cursor=job.cursor)
        # Read anew in each batch, so that a batch that is repeated by another process reads the same.
        names = NameFields.of_workspace(session, job.workspace_id, keep_commas=asked.keep_commas)
        zone = job.workspace.zone
        # None after it was deleted, too: the rest comes without it. Under the lock that deletes a list.
        put_on = _list_name(session, job.workspace_id, asked)
        rows = [read_row(kept.columns, each, names, zone, put_on) for each in records]
        fates = decide(
            session,
            job,
            rows,
            kept.deleted,
            now,
            updates=asked.updates,
            even_if_deleted=asked.even_if_deleted,
        )
        writer = Writer(session, job.workspace_id, asked, now)
        if careful:
            fates = by_halves(session, fates, writer.write, _refuse, self.refusals)
        else:
            fates = writer.write(fates)
        if records and asked.list_id is not None and put_on is None:
            cursor = [*cursor[:2], came_without_list(job) + sum(map(_is_imported, fates))]
        return _record(session, job, fates, records, cursor, is_last=len(records) < size)

    def leave_out(self, session: Session, job: Job) -> Step:
        records, cursor = _next_records(session, job, self._kept(session, job).records, 1)
        fates = [rejected(each.line, {"code": CRASHED}) for each in records]
        return _record(session, job, fates, records, cursor, is_last=not records)

    def wrap_up(self, session: Session, job: Job, now: datetime) -> None:
        """The file is erased, and the audit log says what was brought."""
        erase_file(session, job.request["file_id"])
        self._last = None
        added, updated = job.count(LineOutcome.ADDED), job.count(LineOutcome.UPDATED)
        if not added and not updated:
            return
        record(
            session,
            workspace_id=job.workspace_id,
            user_id=job.requested_by,
            at=now,
            action=Action.CONTACTS_IMPORTED,
            subject=job.audit_subject,
            private=Named.of(job.private.text if job.private else None).file_name or None,
            contacts=added,
            updated=updated,
        )

    def _kept(self, session: Session, job: Job) -> _Kept:
        if self._last is None or self._last.job != job.uuid:
            asked = ImportRequest.of(job.request)
            header = read_header(session, asked.file_id)
            assert header is not None
            columns = Columns(asked.mapping, len(header.fields))
            deleted = DeletedAddresses(job.workspace_id)
            self._last = _Kept(job.uuid, Records(asked.file_id), columns, deleted)
        return self._last


IMPORT = ImportWork()


def came_without_list(job: Job) -> int:
    """How many contacts the job has imported without its list, because that was deleted before their turn."""
    return sum((job.cursor or [])[2:])


def check_mapping(mapping: Mapping[str, str], width: int) -> None:
    """Check that the mapping names columns of a file with `width` columns, and fields by which a contact can
    be found. Raises NoSuchColumn or NothingToFindBy."""
    fields = set(Field)
    for place, field in mapping.items():
        if not (place.isascii() and place.isdecimal() and int(place) < width and field in fields):
            raise NoSuchColumn
    if not any(Field(field) in _NAMES for field in mapping.values()):
        raise NothingToFindBy


def _next_records(session: Session, job: Job, records: Records, size: int) -> tuple[list[StoredRecord], Any]:
    """The next records after the job's cursor, at most `size`, and the cursor after them: a place and, once
    the list is gone, how many contacts came without it."""
    begin = _place(job)
    if begin == BEGINNING:
        _, begin = records.take(session, begin, 1)
    taken, after = records.take(session, begin, size)
    return taken, [*after, *(job.cursor or [])[2:]] if taken else job.cursor


def _place(job: Job) -> Place:
    if job.cursor is None:
        return BEGINNING
    part, number = job.cursor[:2]
    return part, number


def _list_name(session: Session, workspace_id: int, asked: ImportRequest) -> str | None:
    """What the list that all are put on is called now; None without one, or if it is deleted."""
    if asked.list_id is None:
        return None
    return name_of(session, MailingList, workspace_id, asked.list_id)


def _is_imported(fate: Fate) -> bool:
    return fate.outcome in (LineOutcome.ADDED, LineOutcome.UPDATED)


def _refuse(fate: Fate, _refusal: Exception) -> Fate:
    return rejected(fate.line, {"code": REFUSED})


def _record(
    session: Session,
    job: Job,
    fates: Sequence[Fate],
    records: Sequence[StoredRecord],
    cursor: Any,
    *,
    is_last: bool,
) -> Step:
    write_lines(session, job.id, fates, {each.line: each for each in records})
    counts = Counter(fate.count for fate in fates)
    return Step(cursor=cursor, counts=counts, items=len(fates), is_last=is_last)
