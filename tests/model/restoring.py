"""The bin and a restore by the article and the rules: one contact at a time, last deleted first."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from tests.model.business import Business
from tests.model.links import RESCUED, Links, links_of, to_rescue
from tests.model.merging import merge
from tests.model.outcomes import (
    DELETED_AGAIN,
    NO_LONGER_DELETED,
    RESTORED,
    SKIP,
    Outcome,
    comes_back,
    is_merged,
    with_conflict,
)
from tests.model.searching import folded, is_found
from tests.model.things import Contact, Deal, Deletion, Job

WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class Filters:
    """What an admin types. Dates are days in the zone of the business, both included."""

    zone: ZoneInfo
    text: str = ""
    first: date | None = None
    last: date | None = None
    by: str | None = None
    deletion: int | None = None

    @property
    def make_sense(self) -> bool:
        return not (self.first and self.last) or self.first <= self.last

    def match(self, contact: Contact) -> bool:
        deletion = contact.deletion
        assert deletion is not None
        day = deletion.at.astimezone(self.zone).date()
        return (
            (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
            and (self.by is None or self.by == deletion.by)
            and (self.deletion is None or self.deletion == deletion.number)
            and self._found(contact)
        )

    def _found(self, contact: Contact) -> bool:
        return all(is_found(word, contact.details) for word in folded(self.text).split())


@dataclass(frozen=True)
class Scope:
    """Which contacts are meant, frozen at one time: the chosen ones, or all that the filters match. With it
    the choices: what becomes of conflicts, and whether deals are rescued."""

    as_of: datetime
    through: int
    chosen: tuple[Contact, ...] | None = None
    filters: Filters | None = None
    conflicts: str = SKIP
    rescue: bool = False


@dataclass(eq=False, kw_only=True, repr=False)
class Restore(Job):
    scope: Scope
    outcomes: dict[Contact, Outcome] = field(default_factory=dict)
    # Of the contacts that it has restored: their stamps as it left them, the deletions that had deleted them,
    # and the deals on which it has put them again.
    left: dict[Contact, tuple[int, int]] = field(default_factory=dict)
    deletions: dict[Contact, Deletion] = field(default_factory=dict)
    rejoined: dict[Contact, list[Deal]] = field(default_factory=dict)
    links: Links = field(default_factory=Counter)

    @property
    def back(self) -> set[Contact]:
        """Those that came back, as contacts of their own or as a part of another."""
        return {contact for contact, outcome in self.outcomes.items() if comes_back(outcome)}

    @property
    def restored(self) -> list[Contact]:
        """Those that came back as contacts of their own."""
        return [c for c, outcome in self.outcomes.items() if comes_back(outcome) and not is_merged(outcome)]

    @property
    def merged(self) -> list[Contact]:
        return [contact for contact, outcome in self.outcomes.items() if is_merged(outcome)]

    @property
    def rescued(self) -> frozenset[Deal]:
        return frozenset(deal for effect, deal in self.links if effect == RESCUED and isinstance(deal, Deal))


def scope_now(
    business: Business,
    *,
    chosen: Iterable[Contact] | None = None,
    filters: Filters | None = None,
    conflicts: str = SKIP,
    rescue: bool = False,
) -> Scope:
    contacts = None if chosen is None else tuple(chosen)
    return Scope(business.now, len(business.deletions), contacts, filters, conflicts, rescue)


def bin_of(
    business: Business, filters: Filters | None = None, as_of: datetime | None = None
) -> list[Contact]:
    """The contacts in the bin, last deleted first; of those deleted together, the newer first."""
    found = [
        contact
        for contact in business.contacts
        if contact.deletion is not None
        and contact.merged_into is None
        and contact.deletion.at >= (as_of or business.now) - WINDOW
        and (filters is None or filters.match(contact))
    ]
    return sorted(found, key=lambda c: (c.deletion and c.deletion.at, c.number), reverse=True)


def contacts_in_scope(business: Business, scope: Scope) -> list[Contact]:
    """The contacts in the bin that the scope means, in this order.

    Contacts that came into the bin after the scope was frozen are not meant: by a deletion, or by an undo
    that had not ended then.
    """
    return [
        contact
        for contact in bin_of(business, scope.filters, scope.as_of)
        if contact.deletion
        and contact.deletion.number <= scope.through
        and not _is_put_back(contact, since=scope.as_of)
        and (scope.chosen is None or contact in scope.chosen)
    ]


def _is_put_back(contact: Contact, *, since: datetime) -> bool:
    undo = contact.put_back_by
    return undo is not None and (undo.ended_at is None or undo.ended_at > since)


def plan(business: Business, scope: Scope, done: Restore | None = None) -> dict[Contact, Outcome]:
    """The outcome of each contact that is meant and that the job has not `done` already. An address belongs
    to one live contact only: to one outside the scope, or to a twin of the same scope that is met first.
    """
    holders = dict(_holders(business, done or Restore(scope=scope)))
    verdicts: dict[Contact, Outcome] = {}
    for contact in contacts_in_scope(business, scope):
        if done and contact in done.outcomes:
            continue
        held = holders.get(contact.address) if contact.address else None
        verdicts[contact] = with_conflict(scope.conflicts, *held) if held else RESTORED
        if held is None or is_merged(verdicts[contact]):
            holders[contact.address] = ("twin", contact)
    return verdicts


def _holders(business: Business, job: Restore) -> Iterator[tuple[str | None, tuple[str, Contact]]]:
    """The contact that has each address. The twin of a contact that the job has restored, or merged into the
    one with the address, conflicts with that contact."""
    for contact in business.live:
        if contact in job.restored:
            yield contact.address, ("twin", contact)
            continue
        merged = [c for c in job.merged if c.merged_into is contact and c.address == contact.address]
        yield contact.address, ("twin", merged[0]) if merged else ("email_taken", contact)


def with_missing(scope: Scope, outcomes: dict[Contact, Outcome]) -> dict[Contact, Outcome]:
    """The same, with the chosen contacts that are no longer meant: they live, or were deleted again since."""
    return outcomes | {
        c: DELETED_AGAIN
        if c.deletion and not c.vanished and c.deletion.number > scope.through
        else NO_LONGER_DELETED
        for c in scope.chosen or ()
        if c not in outcomes
    }


def foresee(business: Business, scope: Scope) -> Links:
    """The links of the plan. It always says which deals could be rescued."""
    return links_of(business, plan(business, scope), rescue=scope.rescue, rescued=frozenset())


def carry_out(business: Business, job: Restore, most: int | None = None) -> None:
    """Begin or continue the job; stop after `most` contacts."""
    verdicts = plan(business, job.scope, job)
    for contact in islice(verdicts, most):
        bring_back(business, job, contact, verdicts[contact])
    job.state = "running"
    if most is None or len(verdicts) < most:
        job.outcomes = with_missing(job.scope, job.outcomes)
        job.end("done", business.now)


def bring_back(business: Business, job: Restore, contact: Contact, outcome: Outcome) -> None:
    """Let the outcome come true. With a rescue, the deals that were deleted with the contact come back first,
    without a primary."""
    rescue = job.scope.rescue
    links = links_of(business, {contact: outcome}, rescue=rescue, rescued=job.rescued)
    rescuable = to_rescue(business, contact, job.rescued) if comes_back(outcome) and rescue else []
    job.links += Counter({link: n for link, n in links.items() if rescue or link[0] != RESCUED})
    for deal in rescuable:
        deal.deleted = False
    job.outcomes[contact] = outcome
    if outcome[1] == "merged" and outcome[2]:
        merge(business, contact, outcome[2])
    elif comes_back(outcome):
        if outcome[1] == "without_address":
            contact.notes.append(("former_address", contact.details.email or ""))
            contact.details = contact.details._replace(email=None)
        assert contact.deletion
        job.deletions[contact] = contact.deletion
        job.rejoined[contact] = restore_contact(business, contact)
        job.left[contact] = contact.stamp


def restore_contact(business: Business, contact: Contact) -> list[Deal]:
    """Lists, tags, account and Created Date belong to the contact and come back with it; deleted ones stay
    deleted. A live deal gets back the contacts that this deletion detached, never as primary. No automation
    is triggered, and a restore does not count as a write. Returns the deals that have it again.
    """
    rejoined = [deal for deal in business.deals if not deal.deleted and deal.lost_place(contact)]
    for deal in rejoined:
        place = deal.take_back(contact)
        assert place
        deal.places.append(place)
    contact.deletion = None
    contact.returns += 1
    return rejoined
