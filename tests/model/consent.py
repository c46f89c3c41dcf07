"""Refusals and confirmations that arrive from an address (rule 9), through any contact that has or had it."""

from tests.model.business import Business
from tests.model.suppressions import BOUNCE, COMPLAINT, UNSUBSCRIBE
from tests.model.things import BOUNCED, STRICTNESS, SUBSCRIBED, UNCONFIRMED, UNSUBSCRIBED, Contact, Thing

STATUS = {UNSUBSCRIBE: UNSUBSCRIBED, BOUNCE: BOUNCED, COMPLAINT: UNSUBSCRIBED}


def refuse(business: Business, contact: Contact, address: str, why: str, mailing_list: Thing | None) -> bool:
    """An unsubscribe concerns a list, or (None) all; a bounce makes Bounced on the list of its message. A
    bounce and a complaint suppress the address for all lists. Returns whether it was not known.

    All contacts with the address become stricter, live, deleted and merged, and so do those that they have
    become parts of.
    """
    row = address, mailing_list if why == UNSUBSCRIBE else None, why
    suppressions = business.marketing.suppressions
    if row in suppressions.rows:
        return False
    suppressions.rows.add(row)
    concerned = set(_have(business, contact, address))
    while into := {each.merged_into for each in concerned if each.merged_into} - concerned:
        concerned |= into
    status = STATUS[why]
    for each in concerned:
        lists = each.lists if mailing_list is None or why == COMPLAINT else each.lists.keys() & {mailing_list}
        looser = [some for some in lists if STRICTNESS[each.lists[some]] < STRICTNESS[status]]
        each.lists.update(dict.fromkeys(looser, status))
        if looser:
            each.count_write(business.now)
    return True


def confirm(business: Business, contact: Contact, address: str, mailing_list: Thing) -> str:
    """The owner of the address wants the list's messages: the live contact that has it becomes Subscribed.

    For contacts in the bin it does not count: they are as little mailable as when they were deleted.
    """
    holder = business.holder(address)
    suppressions = business.marketing.suppressions
    if mailing_list.deleted:
        return "no_list"
    if holder is None:
        return "no_contact"
    if suppressions.are_final(address):
        return "blocked"
    others = [each for each in business.things if each.kind == "list" and each is not mailing_list]
    if suppressions.lift(address, mailing_list, others):
        for each in _have(business, contact, address):
            if each is not holder and each.lists.get(mailing_list) == SUBSCRIBED:
                each.lists[mailing_list] = UNCONFIRMED
    if holder.lists.get(mailing_list) != SUBSCRIBED:
        holder.lists[mailing_list] = SUBSCRIBED
        holder.count_write(business.now)
        business.marketing.wake(holder, mailing_list, business.now)
    return "subscribed"


def _have(business: Business, contact: Contact, address: str) -> list[Contact]:
    """The contacts that have the address, and the one that it came through, unless that has another now."""
    return [
        each
        for each in business.contacts
        if each.address == address or (each is contact and each.address is None)
    ]
