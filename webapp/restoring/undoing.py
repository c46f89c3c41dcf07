"""Undoing a restore: which of its contacts go back among the deleted ones, and which are left alone.

A contact goes back with its original deletion, and so with its time and days left, if nothing has changed
since the job restored it: its version is the one that the outcome keeps. The job walks the outcomes by
contact. The plan and the job judge with the same code.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from webapp.database import id_table
from webapp.models import WINDOW, Contact, Deal, DealContact, Deletion, Job, RestoreLink, RestoreOutcome
from webapp.models.base import filter_only
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring.links import rescued_by


class Kept(StrEnum):
    """Why an undo leaves a contact alone. `webapp.words.undoing` has the sentences."""

    MERGED = "kept_merged"
    PURGED = "kept_purged"
    # It is deleted already: again by a person, or by another undo.
    DELETED = "kept_deleted"
    CHANGED = "kept_changed"
    # A release before this one has restored it, which kept no version.
    UNKNOWN = "kept_unknown"
    # Its 30 days have ended, so it could not be restored again.
    PAST_WINDOW = "kept_past_window"
    PRIMARY = "kept_primary"
    ONLY_CONTACT = "kept_only_contact"


class Ending(NamedTuple):
    """What an undo does with one contact: it goes back, or is left alone for a reason, or failed."""

    contact_id: int
    deletion_id: int | None = None
    reason: Kept | Reason | None = None
    # Whether the restore has left out its address, which then comes back.
    without_address: bool = False

    @property
    def goes_back(self) -> bool:
        return self.reason is None

    @property
    def outcome(self) -> Outcome:
        if self.goes_back:
            return Outcome.RESTORED
        return Outcome.FAILED if self.reason in set(Reason) else Outcome.SKIPPED


def judge(
    session: Session, restore: Job, *, now: datetime, limit: int | None = None, after: int | None = None
) -> list[Ending]:
    """The endings of the next `limit` contacts that job `restore` has restored, by id, from the one after
    `after`; without a limit, of all."""
    met = session.execute(_met(restore, limit=limit, after=after)).all()
    endings = [_ending(now, *row) for row in met]
    back = [ending.contact_id for ending in endings if ending.goes_back]
    kept = _kept_on_deals(session, restore, back)
    return [
        ending._replace(reason=kept[ending.contact_id]) if ending.contact_id in kept else ending
        for ending in endings
    ]


def _met(restore: Job, *, limit: int | None, after: int | None) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            RestoreOutcome.contact_id,
            RestoreOutcome.reason,
            RestoreOutcome.version,
            Contact.version,
            Contact.restore_job_id == restore.id,
            Contact.deletion_id,
            Contact.deleted_at,
            Deletion.created_at,
        )
        .outerjoin(Contact, Contact.id == RestoreOutcome.contact_id)
        .outerjoin(Deletion, Deletion.id == Contact.deletion_id)
        .where(RestoreOutcome.job_id == restore.id, filter_only(_was_restored()))
        .order_by(RestoreOutcome.contact_id)
    )
    if after is not None:
        query = query.where(RestoreOutcome.contact_id > after)
    return query if limit is None else query.limit(limit)


def _was_restored() -> ColumnElement[bool]:
    return RestoreOutcome.outcome == Outcome.RESTORED


def _ending(
    now: datetime,
    contact_id: int,
    how: str | None,
    version_then: int | None,
    version: int | None,
    is_latest: bool | None,
    deletion_id: int | None,
    deleted_at: datetime | None,
    first_deleted_at: datetime | None,
) -> Ending:
    if how == Reason.MERGED:
        return Ending(contact_id, reason=Kept.MERGED)
    if version is None or first_deleted_at is None:
        return Ending(contact_id, reason=Kept.PURGED)
    if deleted_at is not None:
        return Ending(contact_id, reason=Kept.DELETED)
    if version_then is None:
        return Ending(contact_id, reason=Kept.UNKNOWN)
    # Neither a restore nor an undo raises the version.
    if version != version_then or not is_latest:
        return Ending(contact_id, reason=Kept.CHANGED)
    if first_deleted_at < now - WINDOW:
        return Ending(contact_id, reason=Kept.PAST_WINDOW)
    return Ending(contact_id, deletion_id, without_address=how == Reason.WITHOUT_ADDRESS)


def _kept_on_deals(session: Session, restore: Job, ids: Sequence[int]) -> dict[int, Kept]:
    """Those of the contacts `ids` that a live deal cannot do without: its primary, and its only contact.

    If all of a deal's contacts would go, the last one by id stays. A deal that the restore itself has rescued
    goes with its contacts.
    """
    if not ids:
        return {}
    asked = id_table(session, ids)
    of_restore = rescued_by(restore.id).where(RestoreLink.item_id == Deal.id).exists()
    places = session.execute(
        select(DealContact.deal_id, DealContact.contact_id, DealContact.is_primary, of_restore)
        .join_from(asked, DealContact, DealContact.contact_id == asked.c.value)
        .join(Deal, Deal.id == DealContact.deal_id)
        .where(DealContact.detached_at.is_(None), Deal.deleted_at.is_(None))
        .order_by(DealContact.contact_id, DealContact.deal_id)
    ).all()
    deals = {deal_id for deal_id, _, _, rescued in places if not rescued}
    attached = _attached(session, deals)
    kept: dict[int, Kept] = {contact_id: Kept.PRIMARY for _, contact_id, primary, _ in places if primary}
    on_deals: dict[int, list[int]] = {}
    for deal_id, contact_id, _, rescued in places:
        if contact_id not in kept and not rescued:
            on_deals.setdefault(contact_id, []).append(deal_id)
    # One after the other, as the batches go.
    for contact_id, its_deals in on_deals.items():
        if any(attached[deal_id] == 1 for deal_id in its_deals):
            kept[contact_id] = Kept.ONLY_CONTACT
        else:
            attached.subtract(its_deals)
    return kept


def _attached(session: Session, deals: Collection[int]) -> Counter[int]:
    """How many contacts each of these deals has."""
    if not deals:
        return Counter()
    asked = id_table(session, sorted(deals))
    counted = (
        select(DealContact.deal_id, func.count())
        .join_from(asked, DealContact, DealContact.deal_id == asked.c.value)
        .where(DealContact.detached_at.is_(None))
        .group_by(DealContact.deal_id)
    )
    return Counter(dict(session.execute(counted).all()))


def foresee(session: Session, restore: Job, *, now: datetime) -> tuple[int, list[Ending]]:
    """The plan of an undo: how many contacts go back, and the endings of those that are left alone."""
    endings = judge(session, restore, now=now)
    kept = [ending for ending in endings if not ending.goes_back]
    return len(endings) - len(kept), kept
