"""What it means that a contact goes with everything of its own: one set-based act.

The tables below are all that know contacts; `tests/laws/test_removal.py` fails for one that is missing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.database import execute_update, id_table
from webapp.jobs.isolation import by_halves
from webapp.models import (
    AutomationRun,
    CampaignSend,
    Contact,
    ContactNote,
    ContactSearch,
    ContactTag,
    DealContact,
    ImportLine,
    RestoreOutcome,
    Subscription,
    Suppression,
)
from webapp.models.base import filter_only
from webapp.restoring.batch import move_in_bin

# What may be one contact's doing. Anything else is no row's fault.
REFUSALS = (IntegrityError, DataError)

Column = InstrumentedAttribute[Any]
# Rows that stay without their contact. A campaign counts its messages, which by themselves name no one; the
# suppression of an address outlives the contact as a hash (docs/rules.md, rule 9).
CUT_OFF: Mapping[Column, Mapping[str, None]] = {
    CampaignSend.contact_id: {"contact_id": None, "automation_run_id": None},
    Suppression.contact_id: {"contact_id": None},
}
# Rows that go with it. A deal that was deleted with its last contact stays deleted without one. The runs come
# after the messages, which point to them.
OF_ITS_OWN: tuple[Column, ...] = (
    ContactSearch.contact_id,
    Subscription.contact_id,
    ContactTag.contact_id,
    DealContact.contact_id,
    ContactNote.contact_id,
    AutomationRun.contact_id,
)
# Contacts that were merged into it go as well: each is a part of the other one.
MERGED: Column = Contact.merged_into_id
# Ids that then lead nowhere: a report shows a purged contact.
ONLY_IDS: tuple[Column, ...] = (
    RestoreOutcome.contact_id,
    RestoreOutcome.other_contact_id,
    ImportLine.contact_id,
)


def with_merged(session: Session, ids: Sequence[int]) -> list[int]:
    """The contacts `ids`, then those merged into them, those merged into these, and so on."""
    known, latest = dict.fromkeys(ids), list(ids)
    while latest:
        merged = select(Contact.id).where(MERGED.in_(_these(session, latest)))
        latest = [each for each in session.scalars(merged) if each not in known]
        known |= dict.fromkeys(latest)
    return list(known)


def remove_contacts(session: Session, ids: Sequence[int]) -> int:
    """Remove the deleted contacts `ids` and those merged into them, with everything of their own; returns how
    many went. The counters of their deletions follow.

    Live contacts and unknown ids are left alone, so a second call does nothing. In the caller's transaction,
    behind the workspace's lock.
    """
    if not ids:
        return 0
    of_these = filter_only(Contact.deleted_at.is_not(None))
    still = list(session.scalars(select(Contact.id).where(Contact.id.in_(_these(session, ids)), of_these)))
    gone = _these(session, with_merged(session, still))
    _leave_the_bin(session, gone)
    for column, values in CUT_OFF.items():
        execute_update(session, update(column.class_).where(column.in_(gone)).values(**values))
    for column in OF_ITS_OWN:
        execute_update(session, delete(column.class_).where(column.in_(gone)))
    return execute_update(session, delete(Contact).where(Contact.id.in_(gone)))


class Removed(NamedTuple):
    """How many contacts went, those merged into others included, and how many the database refused."""

    gone: int
    failed: int = 0


def remove_batch(session: Session, ids: Sequence[int], *, careful: bool) -> Removed:
    """`remove_contacts` as a job's batch: with `careful` by halves, until every contact that the database
    refuses stands alone. Else raises one of REFUSALS; the caller rolls back."""
    if not careful:
        return Removed(remove_contacts(session, ids))
    gone = []

    def write(some: Sequence[int]) -> list[bool]:
        gone.append(remove_contacts(session, some))
        return [True] * len(some)

    went = by_halves(session, ids, write, lambda *_: False, REFUSALS)
    return Removed(sum(gone), went.count(False))


def _these(session: Session, ids: Sequence[int]) -> Select[int]:
    return select(id_table(session, ids).c.value)


def _leave_the_bin(session: Session, gone: Select[int]) -> None:
    """Count those that are in the bin out of their deletions; the merged ones were when they were merged."""
    in_bin = filter_only(Contact.deleted_at.is_not(None) & MERGED.is_(None))
    deletions = session.scalars(select(Contact.deletion_id).where(Contact.id.in_(gone), in_bin))
    move_in_bin(session, [deletion_id for deletion_id in deletions if deletion_id is not None], by=-1)
