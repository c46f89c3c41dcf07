"""The notable events of a restore, in words, to check that the examples cover enough."""

from collections.abc import Iterator

from tests.model.business import Business
from tests.model.links import LOST, RESCUED
from tests.model.outcomes import comes_back, is_merged
from tests.model.restoring import WINDOW, Restore, bin_of
from tests.model.things import SUBSCRIBED, Contact, Deal, Thing
from tests.model.undoing import GOES_BACK, Undo


def notable_events(business: Business, job: Restore) -> Iterator[str]:
    """The notable events of the job so far."""
    for contact, outcome in job.outcomes.items():
        if is_merged(outcome):
            yield "a contact is merged"
        elif comes_back(outcome):
            yield "a contact is restored"
            yield from _came_back(business, contact)
            if outcome[1]:
                yield f"a contact is restored: {outcome[1]}"
        else:
            yield f"a contact is skipped: {outcome[1]}"
    for effect, thing in job.links:
        if effect == RESCUED:
            yield "a deal is rescued"
        elif effect == LOST and not isinstance(thing, Deal):
            yield f"{_a(thing)} is counted as lost"
    in_bin = bin_of(business)
    for contact in business.gone:
        if contact not in in_bin and contact.merged_into is None:
            yield "a contact is gone for over 30 days"


def _came_back(business: Business, contact: Contact) -> Iterator[str]:
    deletions = [deletion for deletion in business.deletions if contact in deletion.contacts]
    if len(deletions) > 1:
        yield "a contact is restored that was deleted before"
    if deletions[-1].at + WINDOW == business.now:
        yield "a contact is restored exactly 30 days after"
    for thing in business.things:
        if thing.deleted and contact.is_associated_with(thing):
            yield f"{_a(thing)} does not come back"
            if any(
                t.kind == thing.kind and t.is_called(thing.name) and not t.deleted for t in business.things
            ):
                yield "what does not come back was made anew under the same name"
    for mailing_list, status in contact.lists.items():
        if (
            status == SUBSCRIBED
            and contact.address
            and not mailing_list.deleted
            and not business.marketing.is_mailable(contact, mailing_list)
        ):
            yield "a contact is back on a list, but suppressed"
    for deal in business.deals:
        if not deal.deleted and any(
            place.contact is contact and place.since <= deletions[-1].at for place in deal.places
        ):
            yield "a contact is back on a deal"
        if deal.deleted and any(place.contact is contact for _, place in deal.detached):
            yield "a deal does not come back"
    if any(run.contact is contact and run.state == "ended" for run in business.marketing.runs):
        yield "a run that ended with the deletion stays ended"


def events_of_undo(undo: Undo) -> Iterator[str]:
    """The notable events of the undo so far."""
    for contact, outcome in undo.outcomes.items():
        if outcome != GOES_BACK:
            yield f"a contact is left alone: {outcome[1]}"
            continue
        yield "a contact is put back"
        if undo.restore.outcomes[contact][1]:
            yield "a contact is put back with its address"
        if any(not deal.deleted for deal in undo.restore.rejoined[contact]):
            yield "a contact is put back from a deal that stays"
    if any(deal.deleted and deal.deleted_by for deal in undo.restore.rescued):
        yield "a rescued deal is deleted again"
    if undo.ended:
        yield "a run or message ends with an undo"


def _a(thing: Thing) -> str:
    return f"{'an' if thing.kind == 'account' else 'a'} {thing.kind}"
