"""Merging a deleted contact into the live contact with its address (rule 11)."""

from tests.model.business import Business
from tests.model.things import STRICTNESS, SUBSCRIBED, UNCONFIRMED, Contact, Place


def merge(business: Business, gone: Contact, live: Contact) -> None:
    """The live contact fills its gaps; nothing of it is replaced but by the stricter consent. Nothing is
    triggered, and what is deleted is not taken over. The deleted contact points to it and has left the bin.
    """
    gone.merged_into = live
    own, other = live.details, gone.details
    live.details = own._replace(
        first_name=own.first_name or other.first_name,
        last_name=own.last_name or other.last_name,
        phone=own.phone or other.phone,
        account=next((each for each in (own.account, other.account) if each and not each.deleted), None),
    )
    live.tags |= {tag for tag in gone.tags if not tag.deleted}
    for mailing_list, status in gone.lists.items():
        if not mailing_list.deleted:
            live.lists[mailing_list] = _consent(live.lists.get(mailing_list), status)
    _join_deals(business, gone, live)
    live.notes += gone.notes
    gone.notes = []
    live.count_write(business.now)


def _consent(own: str | None, other: str) -> str:
    """The stricter of the two. On a list that only the deleted contact was on, no one becomes Subscribed."""
    if own is None:
        return UNCONFIRMED if other == SUBSCRIBED else other
    return other if STRICTNESS[other] > STRICTNESS[own] else own


def _join_deals(business: Business, gone: Contact, live: Contact) -> None:
    """The live contact takes the lost places on deals that live, never as primary."""
    for deal in business.deals:
        lost = deal.lost_place(gone)
        if lost is None or deal.deleted or live in deal.contacts:
            continue
        own = deal.take_back(live)
        deal.places.append(own or Place(live, lost.since, next(business.order)))
