"""Large acts by the rules: a file is imported row by row, and contacts are removed for good."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tests.model.business import Business
from tests.model.choices import NewPerson
from tests.model.restoring import bin_of
from tests.model.suppressions import BOUNCE, UNSUBSCRIBE
from tests.model.things import (
    BOUNCED,
    STRICTNESS,
    SUBSCRIBED,
    UNCONFIRMED,
    UNSUBSCRIBED,
    Contact,
    Details,
    Thing,
)

KEPT = timedelta(days=31)
# The columns of a file, the strictest first: of several that name a list, that one counts.
COLUMNS = {
    UNSUBSCRIBED: "Unsubscribed Lists",
    BOUNCED: "Bounced Lists",
    UNCONFIRMED: "Unconfirmed Lists",
    SUBSCRIBED: "Lists",
}


@dataclass(frozen=True)
class Import:
    """What a person confirms: the rows, each with an address, and the choices."""

    people: Sequence[NewPerson]
    updates: bool
    agreed: bool
    wake: bool
    even_if_deleted: bool
    # The list that all contacts are put on.
    on: Thing | None = None


def carry_out(business: Business, asked: Import) -> tuple[Counter[str], list[Contact]]:
    """How many rows had which outcome, and the contacts that were added, in the order of the file."""
    counts, added = Counter[str](), []
    seen: set[str | None] = set()
    for person in asked.people:
        address = Details(person.email, "", "").address
        holder = business.holder(address)
        in_bin = any(contact.address == address for contact in bin_of(business))
        if address in seen:
            outcome = "rejected"
        elif holder and not asked.updates:
            outcome = "already_there"
        elif not holder and in_bin and not asked.even_if_deleted:
            outcome = "among_the_deleted"
        else:
            seen.add(address)
            if holder:
                outcome = "updated" if _update(business, holder, person, asked) else "unchanged"
            else:
                outcome = "added"
                added.append(_add(business, person, asked))
        counts[outcome] += 1
    return counts, added


def _add(business: Business, person: NewPerson, asked: Import) -> Contact:
    account, lists, tags = _named(business, person, asked.on)
    details = Details(person.email, person.first_name, person.last_name, account, person.phone)
    places = {each: _new_status(business, details.address, each, said, asked) for each, said in lists.items()}
    contact = business.create(details, places, tags, wake=asked.wake)
    assert contact
    return contact


def _update(business: Business, contact: Contact, person: NewPerson, asked: Import) -> bool:
    """An empty cell changes nothing, a status becomes stricter or stays, and one write is counted, if there
    is anything to write."""
    account, lists, tags = _named(business, person, asked.on)
    before = contact.details, dict(contact.lists), set(contact.tags)
    contact.details = contact.details._replace(
        first_name=person.first_name or contact.details.first_name,
        last_name=person.last_name or contact.details.last_name,
        phone=person.phone or contact.details.phone,
        account=account or contact.details.account,
    )
    woken: list[Thing] = [tag for tag in tags if tag not in contact.tags]
    contact.tags |= set(tags)
    for each, said in lists.items():
        own = contact.lists.get(each)
        if own is None:
            contact.lists[each] = _new_status(business, contact.address, each, said, asked)
            woken += [each] if contact.lists[each] == SUBSCRIBED else []
        elif said in (UNSUBSCRIBED, BOUNCED) and STRICTNESS[said] > STRICTNESS[own]:
            contact.lists[each] = said
    if (contact.details, contact.lists, contact.tags) == before:
        return False
    contact.count_write(business.now)
    for thing in woken if asked.wake else ():
        business.marketing.wake(contact, thing, business.now)
    return True


def _named(
    business: Business, person: NewPerson, on: Thing | None
) -> tuple[Thing | None, dict[Thing, str], list[Thing]]:
    """The account, the lists with what the file says of each, and the tags; missing ones are made."""
    account = business.named("account", person.account.strip()) if person.account else None
    tags = [business.named("tag", name.strip()) for name in person.tags]
    lists: dict[Thing, str] = {}
    for status in COLUMNS:
        for name in (name for name, said in person.lists if said == status):
            lists.setdefault(business.named("list", name.strip()), status)
    if on:
        lists.setdefault(on, SUBSCRIBED)
    return account, lists, list(dict.fromkeys(tags))


def _new_status(
    business: Business, address: str | None, mailing_list: Thing, said: str, asked: Import
) -> str:
    """Of what the file says, what its person says and what is suppressed, the strictest."""
    if said == SUBSCRIBED and not asked.agreed:
        said = UNCONFIRMED
    rows = business.marketing.suppressions.rows
    for scope in (None, mailing_list):
        why = {why for each, where, why in rows if each == address and where is scope}
        if why:
            # What is final decides.
            final = why - {UNSUBSCRIBE}
            suppressed = BOUNCED if final == {BOUNCE} else UNSUBSCRIBED
            return suppressed if STRICTNESS[suppressed] > STRICTNESS[said] else said
    return said


def expired(business: Business) -> list[Contact]:
    """The contacts that a purge removes (rule 10)."""
    return [c for c in business.gone if c.deletion and c.deletion.at < business.now - KEPT]


def vanish(business: Business, contacts: Iterable[Contact]) -> list[Contact]:
    """These go for good, with the contacts that are merged into them and with everything of their own;
    returns them. Messages that were written to them stay counted."""
    gone = dict.fromkeys(contacts)
    while more := [c for c in business.contacts if c.merged_into in gone and c not in gone]:
        gone |= dict.fromkeys(more)
    for contact in gone:
        contact.vanished = True
    business.contacts = [contact for contact in business.contacts if not contact.vanished]
    for deal in business.deals:
        deal.places = [place for place in deal.places if not place.contact.vanished]
        deal.detached = [lost for lost in deal.detached if not lost[1].contact.vanished]
        if deal.primary and deal.primary.vanished:
            deal.primary = None
    business.marketing.forget(gone)
    return list(gone)
