"""What becomes of each row of a batch: a contact is added or updated, or the row is skipped or rejected.

A row is about the live contact with its address; a row without an address about the one without an address
that has the same other fields. A row about a deleted contact is skipped, because a restore recovers more than
a file contains (docs/adr/0007). Of several rows about one contact the first counts, in whatever batch it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.characters import name_key
from webapp.contacts.deleted_addresses import DeletedAddresses
from webapp.database import one_of
from webapp.importing.rows import BadRow, Identity, Row
from webapp.models import Account, Contact, ImportLine, Job, live
from webapp.models.contact import NAMED
from webapp.models.import_line import LineOutcome

# Why a row is skipped.
ALREADY_THERE = "already_there"
UNCHANGED = "unchanged"
AMONG_THE_DELETED = "among_the_deleted"
# Why it is rejected, beside what is wrong with the row itself.
REPEATED = "repeated"
REFUSED = "refused"
CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of the record in `line`: of a contact to add or update, its `row`.

    `reason` is a code with parameters; of an added or updated one, what a person should know about it.
    """

    line: int
    outcome: LineOutcome
    row: Row | None = None
    contact_id: int | None = None
    version: int | None = None
    reason: Mapping[str, Any] | None = None

    @property
    def count(self) -> str:
        """What it counts as in the job's counts."""
        if self.outcome is LineOutcome.SKIPPED and self.reason is not None:
            return str(self.reason["code"])
        return str(self.outcome)


def rejected(line: int, reason: Mapping[str, Any]) -> Fate:
    """The fate of a record that cannot be imported."""
    return Fate(line, LineOutcome.REJECTED, reason=reason)


def decide(
    session: Session,
    job: Job,
    rows: Sequence[Row | BadRow],
    deleted: DeletedAddresses,
    now: datetime,
    *,
    updates: bool,
    even_if_deleted: bool,
) -> list[Fate]:
    """The fate of each row, in order, behind the workspace's lock. Nothing is written yet."""
    good = [row for row in rows if isinstance(row, Row)]
    existing = _find_existing(session, job.workspace_id, good)
    lines = _lines_before(session, job.id, existing.values())
    in_bin = deleted.matching(session, {row.email_key for row in good if row.email_key is not None}, now)
    first: dict[Identity, int] = {}

    def fate(row: Row | BadRow) -> Fate:
        if isinstance(row, BadRow):
            return rejected(row.line, row.reason)
        identity = row.identity
        contact_id = existing.get(identity)
        before = first.get(identity) or (lines.get(contact_id) if contact_id else None)
        if before is not None:
            return rejected(row.line, {"code": REPEATED, "line": before})
        if contact_id is None:
            is_deleted = row.email_key in in_bin
            if is_deleted and not even_if_deleted:
                return Fate(row.line, LineOutcome.SKIPPED, reason={"code": AMONG_THE_DELETED})
            first[identity] = row.line
            return Fate(row.line, LineOutcome.ADDED, row, reason=_worth_knowing(row, is_deleted=is_deleted))
        if not updates:
            return Fate(row.line, LineOutcome.SKIPPED, contact_id=contact_id, reason={"code": ALREADY_THERE})
        first[identity] = row.line
        return Fate(row.line, LineOutcome.UPDATED, row, contact_id, reason=_worth_knowing(row))

    return [fate(row) for row in rows]


def _worth_knowing(row: Row, *, is_deleted: bool = False) -> dict[str, Any] | None:
    """What the report of the command says of rows that were imported: that a deleted contact has the address,
    too, and which fields were split at commas. Without the texts."""
    if not row.splits and not is_deleted:
        return None
    known: dict[str, Any] = {"code": AMONG_THE_DELETED} if is_deleted else {"code": "split"}
    if row.splits:
        first = row.splits[0]
        known |= {"splits": len(row.splits), "kind": first.column, "names": first.names}
    return known


def _find_existing(session: Session, workspace_id: int, rows: Sequence[Row]) -> dict[Identity, int]:
    """The ids of the live contacts that the rows are about."""
    contacts = select(Contact).where(live(workspace_id))
    keys = {row.email_key for row in rows if row.email_key is not None}
    found: dict[Identity, int] = {}
    if keys:
        by_address = contacts.with_only_columns(Contact.email_key, Contact.id)
        for key, contact_id in session.execute(by_address.where(one_of(session, Contact.email_key, keys))):
            if key is not None:
                found[key] = contact_id
    without = [row for row in rows if row.email_key is None]
    if without:
        by_other_fields = (
            contacts.with_only_columns(
                Contact.first_name, Contact.last_name, Contact.phone, Account.name, Contact.id
            )
            .outerjoin(Account, (Account.id == Contact.account_id) & Account.deleted_at.is_(None))
            .where(
                NAMED,
                Contact.email_key.is_(None),
                one_of(session, Contact.first_name, {row.first_name for row in without}),
                one_of(session, Contact.last_name, {row.last_name for row in without}),
            )
        )
        for first_name, last_name, phone, account, contact_id in session.execute(by_other_fields):
            found[first_name, last_name, phone, name_key(account or "")] = contact_id
    return found


def _lines_before(session: Session, job_id: int, contact_ids: Iterable[int]) -> dict[int, int]:
    """Of these contacts, those that an earlier line of the same file was about, with the line: it has added
    the contact, updated it, or found nothing to change."""
    if not (ids := list(contact_ids)):
        return {}
    found_the_same = (ImportLine.outcome == LineOutcome.SKIPPED) & (
        ImportLine.reason["code"].as_string() == UNCHANGED
    )
    before = select(ImportLine.contact_id, ImportLine.line).where(
        ImportLine.job_id == job_id,
        ImportLine.contact_id.in_(ids),
        or_(ImportLine.outcome.in_([LineOutcome.ADDED, LineOutcome.UPDATED]), found_the_same),
    )
    return {contact_id: line for contact_id, line in session.execute(before) if contact_id is not None}
