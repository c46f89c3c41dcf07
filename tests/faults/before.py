"""The state of a workspace when a restore is confirmed, and the checks of what the restore made of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.faults.checker import Violation, named, some
from webapp.models import (
    WINDOW,
    Contact,
    ContactTag,
    Deal,
    DealContact,
    Deletion,
    Job,
    RestoreOutcome,
    Subscription,
)
from webapp.models.job import JobState
from webapp.models.restore_outcome import Outcome
from webapp.restoring.scope import Scope

SELECTION = "selection and outcomes differ"
TWINS = "not those whose address is free"
CONTACTS = "a restore changed more of a contact"
PLACES = "places on deals"
LINKS = "lists or tags changed"

# A contact's values by name; a restore writes the time of deletion and the job only.
Values = dict[str, Any]
COLUMNS = (
    *(Contact.version, Contact.created_at, Contact.updated_at, Contact.account_id, Contact.email_key),
    *(Contact.deletion_id, Contact.deleted_at, Contact.restore_job_id),
)


@dataclass(frozen=True)
class Before:
    """Rows by id; a place on a deal is (when it was detached, by which deletion, whether primary)."""

    contacts: dict[int, Values]
    places: dict[tuple[int, int], tuple[Any, ...]]
    live_deals: frozenset[int]
    links: frozenset[tuple[Any, ...]]
    # The contacts in the bin that the scope means.
    selection: frozenset[int]


def read_before(session: Session, scope: Scope) -> Before:
    """The workspace now, when all of its bin is confirmed as `scope`."""
    chosen = (
        select(Contact.id)
        .join(Deletion, Deletion.id == Contact.deletion_id)
        .where(
            Contact.workspace_id == scope.workspace_id,
            Contact.deleted_at >= scope.as_of - WINDOW,
            Contact.merged_into_id.is_(None),
            Deletion.number <= scope.through_number,
        )
    )
    return _read_workspace(session, scope.workspace_id, frozenset(session.scalars(chosen)))


def _read_workspace(session: Session, workspace_id: int, selection: frozenset[int]) -> Before:
    contacts = select(Contact.id, *COLUMNS).where(Contact.workspace_id == workspace_id)
    theirs = select(Contact.id).where(Contact.workspace_id == workspace_id)
    places = (
        select(
            *(DealContact.deal_id, DealContact.contact_id),
            *(DealContact.detached_at, DealContact.detached_by_deletion_id, DealContact.is_primary),
        )
        .join(Deal, Deal.id == DealContact.deal_id)
        .where(Deal.workspace_id == workspace_id)
    )
    live = select(Deal.id).where(Deal.workspace_id == workspace_id, Deal.deleted_at.is_(None))
    lists = select(
        Subscription.contact_id, Subscription.list_id, Subscription.status, Subscription.changed_at
    ).where(Subscription.contact_id.in_(theirs))
    tags = select(ContactTag.contact_id, ContactTag.tag_id).where(ContactTag.contact_id.in_(theirs))
    return Before(
        contacts={row.id: dict(row._mapping) for row in session.execute(contacts)},
        places={(deal, contact): tuple(rest) for deal, contact, *rest in session.execute(places)},
        live_deals=frozenset(session.scalars(live)),
        links=frozenset(tuple(row) for select_ in (lists, tags) for row in session.execute(select_)),
        selection=selection,
    )


def check_restore(session: Session, job_id: int, before: Before) -> list[Violation]:
    """The violations of job `job_id`; nothing else has happened in its workspace since `before`."""
    job = session.get_one(Job, job_id, populate_existing=True)
    outcomes: dict[int, str] = dict(
        iter(
            session.execute(
                select(RestoreOutcome.contact_id, RestoreOutcome.outcome).where(
                    RestoreOutcome.job_id == job_id
                )
            )
        )
    )
    restored = {contact_id for contact_id, outcome in outcomes.items() if outcome == Outcome.RESTORED}
    after = _read_workspace(session, job.workspace_id, before.selection)
    found = [
        *_contacts(before, after, restored, job_id),
        *_places(before, after, restored),
        *_links(before, after),
    ]
    if job.state == JobState.DONE:
        found += _selection(before, set(outcomes))
    if job.state == JobState.DONE and not job.count("failed"):
        found += _winners(before, restored)
    where = f"{named(job_id, job.workspace_id)}, fence {job.fence}"
    return [Violation(kind, f"{where}: {what}") for kind, what in found]


# Kind and description; the caller knows the job.
Found = Iterator[tuple[str, str]]


def _selection(before: Before, outcomes: set[int]) -> Found:
    if missed := before.selection - outcomes:
        yield SELECTION, f"{some(missed)} were confirmed and have no outcome"
    if added := outcomes - before.selection:
        yield SELECTION, f"{some(added)} have an outcome and were not confirmed"


def _winners(before: Before, restored: set[int]) -> Found:
    """Of twins the most recently deleted is restored, then the higher id; no contact whose address is in
    use."""
    chosen = [before.contacts[contact_id] for contact_id in before.selection]
    taken = {contact["email_key"] for contact in before.contacts.values() if contact["deleted_at"] is None}
    winners = set()
    for contact in sorted(chosen, key=lambda c: (c["deleted_at"], c["id"]), reverse=True):
        if contact["email_key"] is None or contact["email_key"] not in taken:
            winners.add(contact["id"])
            taken.add(contact["email_key"])
    if missed := winners - restored:
        yield TWINS, f"{some(missed)} should have been restored"
    if added := restored - winners:
        yield TWINS, f"{some(added)} should have stayed deleted"


def _contacts(before: Before, after: Before, restored: set[int], job_id: int) -> Found:
    expected = {
        contact_id: values | {"deleted_at": None, "restore_job_id": job_id}
        if contact_id in restored
        else values
        for contact_id, values in before.contacts.items()
    }
    wrong = {
        contact_id for contact_id, values in expected.items() if after.contacts.get(contact_id) != values
    }
    if wrong:
        one = min(wrong)
        now, should = after.contacts.get(one, {}), expected[one]
        differences = {
            name: (now.get(name), value) for name, value in should.items() if now.get(name) != value
        }
        yield CONTACTS, f"{some(wrong)}; of {one} these are and should be: {differences}"


def _places(before: Before, after: Before, restored: set[int]) -> Found:
    """On live deals a restored contact has the places that its deletion detached, and is primary on none
    of them; all others are unchanged."""
    expected = {}
    for (deal_id, contact_id), (detached_at, by, primary) in before.places.items():
        comes_back = (
            contact_id in restored
            and deal_id in before.live_deals
            and by is not None
            and by == before.contacts[contact_id]["deletion_id"]
        )
        expected[deal_id, contact_id] = (None, None, False) if comes_back else (detached_at, by, primary)
    wrong = {
        place[1]
        for place in expected.keys() | after.places.keys()
        if expected.get(place) != after.places.get(place)
    }
    if wrong:
        yield PLACES, f"{some(wrong)} have the wrong places"
    if before.live_deals != after.live_deals:
        yield PLACES, f"{len(before.live_deals ^ after.live_deals)} deals were deleted or restored"


def _links(before: Before, after: Before) -> Found:
    if wrong := {link[0] for link in before.links ^ after.links}:
        yield LINKS, f"of {some(wrong)}"
