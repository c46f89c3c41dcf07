"""Undoing a restore by rule 12: one contact at a time, in the order in which they were created."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from tests.model.business import Business
from tests.model.outcomes import WITHOUT_ADDRESS, Outcome, is_merged
from tests.model.restoring import WINDOW, Restore
from tests.model.things import Contact, Deal, Job

GOES_BACK: Outcome = ("restored", None, None)


@dataclass(eq=False, kw_only=True, repr=False)
class Undo(Job):
    restore: Restore
    outcomes: dict[Contact, Outcome] = field(default_factory=dict)
    # How many runs and messages it has ended.
    ended: int = 0

    @property
    def put_back(self) -> set[Contact]:
        return {contact for contact, outcome in self.outcomes.items() if outcome == GOES_BACK}


def plan(business: Business, restore: Restore, done: Undo | None = None) -> dict[Contact, Outcome]:
    """The outcome of each contact that the restore has restored or merged, and that the undo has not `done`
    already. The contacts of a deal go one after the other, as long as another one stays on it."""
    staying = {deal: set(deal.contacts) for deal in business.deals}
    verdicts: dict[Contact, Outcome] = {}
    left = restore.back - done.outcomes.keys() if done else restore.back
    for contact in sorted(left, key=lambda contact: contact.number):
        why = next(_why_left_alone(business, restore, contact, staying), None)
        verdicts[contact] = ("skipped", why, None) if why else GOES_BACK
        if why is None:
            for contacts in staying.values():
                contacts.discard(contact)
    return verdicts


def _why_left_alone(
    business: Business, restore: Restore, contact: Contact, staying: dict[Deal, set[Contact]]
) -> Iterator[str]:
    """What was merged, is gone for good, was deleted again or changed since, what is past the window, and the
    primary or only contact of a deal. A deal that the restore has rescued goes with the last of its contacts.
    """
    if is_merged(restore.outcomes[contact]):
        yield "kept_merged"
        return
    if contact.vanished:
        yield "kept_purged"
    if not contact.is_live:
        yield "kept_deleted"
    if contact.stamp != restore.left[contact]:
        yield "kept_changed"
    if restore.deletions[contact].at < business.now - WINDOW:
        yield "kept_past_window"
    on_deals = [deal for deal in business.deals if contact in deal.contacts and not deal.deleted]
    if any(deal.primary is contact for deal in on_deals):
        yield "kept_primary"
    if any(staying[deal] == {contact} for deal in on_deals if deal not in restore.rescued):
        yield "kept_only_contact"


def carry_out(business: Business, undo: Undo, most: int | None = None) -> None:
    """Begin or continue the undo; stop after `most` contacts."""
    verdicts = plan(business, undo.restore, undo)
    for contact in islice(verdicts, most):
        undo.outcomes[contact] = verdicts[contact]
        if verdicts[contact] == GOES_BACK:
            put_back(business, undo, contact)
    undo.state = "running"
    if most is None or len(verdicts) < most:
        undo.end("done", business.now)


def put_back(business: Business, undo: Undo, contact: Contact) -> None:
    """The original deletion has the contact again, with its time, and with its places on the deals that the
    restore has put it on. Its address is no longer a note. What began since ends, and nothing else happens.
    """
    restore = undo.restore
    contact.deletion, contact.put_back_by = restore.deletions[contact], undo
    if restore.outcomes[contact][1] == WITHOUT_ADDRESS:
        [former] = [note for note in contact.notes if note[0] == "former_address"]
        contact.notes.remove(former)
        contact.details = contact.details._replace(email=former[1])
    for deal in restore.rejoined[contact]:
        deal.detach(contact, contact.deletion)
        if deal in restore.rescued and not deal.contacts:
            deal.deleted = True
    undo.ended += business.marketing.end(contact)
