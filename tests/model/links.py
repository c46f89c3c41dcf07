"""What contacts that come back find again of what they hang on, and what they do not (rules 2, 3 and 9)."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.model.business import Business
from tests.model.outcomes import Outcome, comes_back
from tests.model.things import Contact, Deal, Thing

LOST, RESCUED, MAILABLE = "lost", "rescued", "mailable"
# For each effect, and each list, tag, account and deal, how many contacts it concerns.
Links = Counter[tuple[str, Thing | Deal]]


def links_of(
    business: Business, outcomes: Mapping[Contact, Outcome], *, rescue: bool, rescued: frozenset[Deal]
) -> Links:
    """The links of these outcomes before they come true. The deals that could be rescued are among them even
    without `rescue`; those that this restore has `rescued` before count as well."""
    back = [contact for contact, outcome in outcomes.items() if comes_back(outcome)]
    links = Links((RESCUED, deal) for contact in back for deal in to_rescue(business, contact, rescued))
    alive = {deal for _, deal in links} if rescue else set()
    for contact in back:
        links.update((LOST, thing) for thing in _lost(business, contact) if thing not in alive)
        if outcomes[contact][1] is None:
            links.update((MAILABLE, thing) for thing in _mailable(business, contact))
    return links


def to_rescue(business: Business, contact: Contact, rescued: frozenset[Deal]) -> list[Deal]:
    """The deals that were deleted with this contact, and not by hand since."""
    return [
        deal
        for deal in business.deals
        if deal.lost_place(contact)
        and deal.deleted_by is contact.deletion
        and (deal.deleted or deal in rescued)
    ]


def _lost(business: Business, contact: Contact) -> Iterator[Thing | Deal]:
    """What was deleted after the contact, and the deals from which its deletion detached it, if they do not
    live."""
    assert contact.deletion
    for thing in business.things:
        if thing.deleted_at and thing.deleted_at > contact.deletion.at and contact.is_associated_with(thing):
            yield thing
    for deal in business.deals:
        if deal.deleted and deal.lost_place(contact):
            yield deal


def _mailable(business: Business, contact: Contact) -> list[Thing]:
    return [thing for thing in contact.lists if business.marketing.is_mailable(contact, thing)]
