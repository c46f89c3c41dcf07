"""Undoing a restore: which of its contacts go back among the deleted ones, and which are left alone.

A contact goes back with its original deletion, and so with its time and days left, if nothing has changed
since the job restored it: its version is the one that the outcome keeps. The job walks the outcomes by
contact. One statement judges: the job reads it in batches, and the plan counts it as a whole.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import (
    CTE,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from webapp.database import compare_whole_tables
from webapp.models import WINDOW, Contact, Deal, DealContact, Deletion, Job, RestoreLink, RestoreOutcome
from webapp.models.base import filter_only
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring.links import rescued_by
from webapp.restoring.plan import MANY

# The plan names so many of the contacts that are left alone.
EXAMPLES = 20


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


@dataclass(frozen=True)
class UndoPlan:
    """What an undo would do: how many contacts it leaves alone for each reason, and by None how many go back.
    `examples` are the first of those that are left alone, by id."""

    counts: Mapping[Kept | None, int]
    examples: tuple[Ending, ...] = ()

    @property
    def back(self) -> int:
        return self.counts.get(None, 0)

    @property
    def kept(self) -> int:
        return sum(self.counts.values()) - self.back


def judge(
    session: Session, restore: Job, *, now: datetime, limit: int, after: int | None = None
) -> list[Ending]:
    """The endings of the next `limit` contacts that job `restore` has restored, by id, from the one after
    `after`."""
    judged, at_risk = _judged(restore, now, limit=limit, after=after)
    rows = session.execute(select(judged).order_by(judged.c.contact_id)).all()
    only = _only_contacts(session.execute(at_risk).all())
    return [
        Ending(
            contact_id,
            deletion_id,
            Kept.ONLY_CONTACT if contact_id in only else Kept(reason) if reason else None,
            without_address,
        )
        for contact_id, deletion_id, reason, without_address in rows
    ]


def foresee(session: Session, restore: Job, *, now: datetime) -> UndoPlan:
    """The plan of an undo in numbers, in one statement however many contacts it is about."""
    if restore.processed >= MANY:
        compare_whole_tables(session)
    judged, at_risk = _judged(restore, now)
    nothing = literal(None, Contact.id.type)
    counted = select(literal("count"), judged.c.reason, func.count(), nothing).group_by(judged.c.reason)
    first = (
        select(literal("example"), judged.c.reason, judged.c.contact_id, nothing)
        .where(judged.c.reason.is_not(None))
        .order_by(judged.c.contact_id)
        .limit(EXAMPLES)
        .subquery()
    )
    risk = at_risk.subquery()
    places = select(literal("place"), null(), risk.c.contact_id, risk.c.deal_id)
    counts: Counter[Kept | None] = Counter()
    examples: list[Ending] = []
    risks: list[tuple[int, int]] = []
    for what, reason, number, deal_id in session.execute(union_all(counted, select(first), places)):
        why = Kept(reason) if reason else None
        if what == "count":
            counts[why] = number
        elif what == "example":
            examples.append(Ending(number, reason=why))
        else:
            risks.append((number, deal_id))
    only = _only_contacts(sorted(risks))
    counts[None] -= len(only)
    counts[Kept.ONLY_CONTACT] += len(only)
    examples += (Ending(contact_id, reason=Kept.ONLY_CONTACT) for contact_id in only)
    return UndoPlan(+counts, tuple(sorted(examples)[:EXAMPLES]))


def _judged(
    restore: Job, now: datetime, *, limit: int | None = None, after: int | None = None
) -> tuple[CTE, Select[int, int]]:
    """What becomes of the contacts, all that can be said of each by itself: contact_id, deletion_id, reason
    and without_address; and what `_only_contacts` decides about the others."""
    met = _met(restore, now, limit=limit, after=after).cte("met")
    rescued = rescued_by(restore.id).where(RestoreLink.item_id == Deal.id).exists().label("is_rescued")
    # The places on live deals of those that go back so far.
    place = (
        select(met.c.contact_id, DealContact.deal_id, DealContact.is_primary, rescued)
        .join_from(met, DealContact, DealContact.contact_id == met.c.contact_id)
        .join(Deal, Deal.id == DealContact.deal_id)
        .where(
            met.c.reason.is_(None),
            filter_only(and_(DealContact.detached_at.is_(None), Deal.deleted_at.is_(None))),
        )
        .cte("place")
    )
    is_primary = met.c.contact_id.in_(select(place.c.contact_id).where(place.c.is_primary))
    on_deal = case((is_primary, literal(Kept.PRIMARY.value)))
    judged = select(
        met.c.contact_id,
        met.c.deletion_id,
        func.coalesce(met.c.reason, on_deal).label("reason"),
        met.c.without_address,
    ).cte("judged")
    return judged, _at_risk(judged, place)


def _met(
    restore: Job, now: datetime, *, limit: int | None, after: int | None
) -> Select[int, int | None, str | None, bool]:
    """The contacts that the restore has restored, and why one is left alone whatever deals it is on."""
    # Neither a restore nor an undo raises the version.
    changed = or_(
        Contact.version != RestoreOutcome.version, Contact.restore_job_id.is_distinct_from(restore.id)
    )
    reasons = (
        (RestoreOutcome.reason == Reason.MERGED, Kept.MERGED),
        (or_(Contact.id.is_(None), Deletion.id.is_(None)), Kept.PURGED),
        (Contact.deleted_at.is_not(None), Kept.DELETED),
        (RestoreOutcome.version.is_(None), Kept.UNKNOWN),
        (changed, Kept.CHANGED),
        (Deletion.created_at < now - WINDOW, Kept.PAST_WINDOW),
    )
    without_address = func.coalesce(RestoreOutcome.reason == Reason.WITHOUT_ADDRESS, false())
    query = (
        select(
            RestoreOutcome.contact_id,
            Contact.deletion_id,
            case(*((condition, literal(why.value)) for condition, why in reasons)).label("reason"),
            without_address.label("without_address"),
        )
        .outerjoin(Contact, Contact.id == RestoreOutcome.contact_id)
        .outerjoin(Deletion, Deletion.id == Contact.deletion_id)
        .where(RestoreOutcome.job_id == restore.id, filter_only(RestoreOutcome.outcome == Outcome.RESTORED))
    )
    if after is not None:
        query = query.where(RestoreOutcome.contact_id > after)
    return query if limit is None else query.order_by(RestoreOutcome.contact_id).limit(limit)


def _at_risk(judged: CTE, place: CTE) -> Select[int, int]:
    """The places, by contact, on deals of which all contacts would go, but for those that the restore itself
    has rescued, which go with their contacts. There are only few: a deal lives on by other contacts."""
    going = select(judged.c.contact_id).where(judged.c.reason.is_(None))
    other = aliased(DealContact, name="other")
    stays = exists().where(
        other.deal_id == place.c.deal_id,
        filter_only(and_(other.detached_at.is_(None), other.contact_id.not_in(going))),
    )
    return (
        select(place.c.contact_id, place.c.deal_id)
        .where(filter_only(place.c.contact_id.in_(going)), ~place.c.is_rescued, ~stays)
        .order_by(place.c.contact_id, place.c.deal_id)
    )


def _only_contacts(places: Iterable[tuple[int, int]]) -> set[int]:
    """Of these places, pairs of a contact and a deal: the contacts that stay, so that each deal keeps one.
    They go one after the other, as the batches do, and the last one of a deal stays."""
    places = list(places)
    left = Counter(deal_id for _, deal_id in places)
    deals: dict[int, list[int]] = {}
    for contact_id, deal_id in places:
        deals.setdefault(contact_id, []).append(deal_id)
    only = set()
    for contact_id, its_deals in deals.items():
        if any(left[deal_id] == 1 for deal_id in its_deals):
            only.add(contact_id)
        else:
            left.subtract(its_deals)
    return only
