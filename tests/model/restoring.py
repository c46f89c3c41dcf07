"""The bin and a restore by the article and the rules: one contact at a time, last deleted first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from tests.model.business import Business
from tests.model.searching import folded, is_found
from tests.model.things import Contact

WINDOW = timedelta(days=30)

# What became of a contact: outcome, reason and the other contact.
Outcome = tuple[str, str | None, Contact | None]
RESTORED: Outcome = ("restored", None, None)
NO_LONGER_DELETED: Outcome = ("skipped", "no_longer_deleted", None)
DELETED_AGAIN: Outcome = ("skipped", "deleted_again", None)


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
    """Which contacts are meant, frozen at one time: the chosen ones, or all that the filters match."""

    as_of: datetime
    through: int
    chosen: tuple[Contact, ...] | None = None
    filters: Filters | None = None


@dataclass(eq=False)
class Job:
    scope: Scope
    state: str = "queued"
    outcomes: dict[Contact, Outcome] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def restored(self) -> list[Contact]:
        return [contact for contact, outcome in self.outcomes.items() if outcome == RESTORED]


def scope_now(
    business: Business, *, chosen: Iterable[Contact] | None = None, filters: Filters | None = None
) -> Scope:
    return Scope(business.now, len(business.deletions), None if chosen is None else tuple(chosen), filters)


def contacts_in_scope(business: Business, scope: Scope) -> list[Contact]:
    """The contacts in the bin that the scope means, last deleted first; of those deleted together, the newer
    first.

    Contacts deleted after the scope was frozen, or deleted again since, are not meant.
    """
    found = [
        contact
        for contact in business.contacts
        if contact.deletion is not None
        and contact.deletion.at >= scope.as_of - WINDOW
        and contact.deletion.number <= scope.through
        and (scope.chosen is None or contact in scope.chosen)
        and (scope.filters is None or scope.filters.match(contact))
    ]
    return sorted(found, key=lambda c: (c.deletion and c.deletion.at, c.number), reverse=True)


def bin_of(business: Business) -> list[Contact]:
    return contacts_in_scope(business, scope_now(business))


def plan(
    business: Business, scope: Scope, done: Mapping[Contact, Outcome] | None = None
) -> dict[Contact, Outcome]:
    """The outcome of each contact that is meant and is not `done` by this restore already. An address belongs
    to one live contact only: to one outside the scope, or to a twin of the same scope that is restored first.
    """
    done = done or {}
    ours = [contact for contact, outcome in done.items() if outcome == RESTORED]
    holders = {c.address: ("twin" if c in ours else "email_taken", c) for c in business.live}
    verdicts: dict[Contact, Outcome] = {}
    for contact in contacts_in_scope(business, scope):
        if contact in done:
            continue
        if contact.address is not None and contact.address in holders:
            verdicts[contact] = ("skipped", *holders[contact.address])
        else:
            verdicts[contact] = RESTORED
            holders[contact.address] = ("twin", contact)
    return verdicts


def with_missing(scope: Scope, outcomes: dict[Contact, Outcome]) -> dict[Contact, Outcome]:
    """The same, with the chosen contacts that are no longer meant: they live, or were deleted again since."""
    return outcomes | {
        c: DELETED_AGAIN if c.deletion and c.deletion.number > scope.through else NO_LONGER_DELETED
        for c in scope.chosen or ()
        if c not in outcomes
    }


def carry_out(business: Business, job: Job, most: int | None = None) -> None:
    """Begin or continue the job; stop after `most` contacts."""
    verdicts = plan(business, job.scope, job.outcomes)
    for contact in islice(verdicts, most):
        job.outcomes[contact] = verdicts[contact]
        if verdicts[contact] == RESTORED:
            restore_contact(business, contact)
    job.state = "running"
    if most is None or len(verdicts) < most:
        job.outcomes = with_missing(job.scope, job.outcomes)
        job.state = "done"


def restore_contact(business: Business, contact: Contact) -> None:
    """Lists, tags, account and Created Date belong to the contact and come back with it; deleted ones stay
    deleted. A live deal gets back the contacts that this deletion detached, never as primary. No automation
    is triggered, and a restore does not count as a write.
    """
    deletion, contact.deletion = contact.deletion, None
    for deal in business.deals:
        for detached in [pair for pair in deal.detached if pair[1].contact is contact]:
            if not deal.deleted and detached[0] is deletion:
                deal.detached.remove(detached)
                deal.places.append(detached[1])
