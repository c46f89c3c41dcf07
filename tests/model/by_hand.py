"""What people do on the pages of contacts, lists, tags, accounts and deals, where the rules say no sometimes.

A refusal has a name, and nothing changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tests.model.business import Business
from tests.model.things import BOUNCED, SUBSCRIBED, UNSUBSCRIBED, Contact, Deal, Details, Thing

SENT_TWICE = timedelta(minutes=1)
# A contact with one of these stays on the list: put on it again, it would be mailable.
ON_RECORD = (UNSUBSCRIBED, BOUNCED)


def shown(details: Details) -> Details:
    """An account that is deleted is shown as none."""
    return details._replace(account=None) if details.account and details.account.deleted else details


@dataclass(frozen=True)
class Form:
    """An open form with a contact: how often it had been written to, and what it was, when it was opened."""

    writes: int
    details: Details

    @classmethod
    def of(cls, contact: Contact) -> "Form":
        return cls(contact.writes, shown(contact.details))

    def is_outdated(self, contact: Contact, typed: Details) -> bool:
        """Whether another person has changed the contact's details since, to others than these."""
        changed = contact.is_live and contact.writes != self.writes
        return changed and shown(contact.details) not in (self.details, typed)


def add_contact(business: Business, details: Details) -> Contact | None:
    """A contact on no list and without a tag. Sent twice within a minute, it is added once. None if a live
    one has the address."""
    details = shown(details)
    for contact in reversed(business.live):
        if contact.details == details and contact.created_at > business.now - SENT_TWICE:
            return contact
    return business.create(details, {}, ())


def set_account(business: Business, contact: Contact, account: Thing | None) -> bool:
    if not contact.is_live or (account and account.deleted) or contact.details.account is account:
        return False
    contact.details = contact.details._replace(account=account)
    contact.count_write(business.now)
    return True


def take_off(business: Business, contact: Contact, mailing_list: Thing) -> bool:
    if not contact.is_live or contact.lists.get(mailing_list, UNSUBSCRIBED) in ON_RECORD:
        return False
    del contact.lists[mailing_list]
    contact.count_write(business.now)
    return True


def change_status(
    business: Business, contact: Contact, mailing_list: Thing, status: str, agreed: bool
) -> str | None:
    """Only a contact that has agreed becomes Subscribed, and none whose address is suppressed."""
    if not contact.is_live or mailing_list.deleted or mailing_list not in contact.lists:
        return "NotOnList"
    if status == SUBSCRIBED and business.marketing.is_suppressed(contact, mailing_list):
        return "AddressSuppressed"
    if status == SUBSCRIBED and not agreed:
        return "NotAgreed"
    business.change_status(contact, mailing_list, status)
    return None


def add_note(business: Business, contact: Contact, text: str) -> bool:
    if not contact.is_live:
        return False
    contact.notes.append(("written", text))
    contact.count_write(business.now)
    return True


def delete_note(business: Business, contact: Contact, note: tuple[str, str]) -> bool:
    if not contact.is_live:
        return False
    contact.notes.remove(note)
    contact.count_write(business.now)
    return True


def make_thing(business: Business, kind: str, name: str) -> Thing | None:
    """None if a live one has the name, in whatever spelling."""
    before = len(business.things)
    thing = business.named(kind, name)
    return thing if len(business.things) > before else None


def make_deal(business: Business, contacts: Sequence[Contact]) -> Deal | None:
    """With those of the contacts that are live, the first one as its primary; None if there is none."""
    alive = [contact for contact in contacts if contact.is_live]
    if not alive:
        return None
    deal = business.new_deal()
    for contact in alive:
        business.attach(deal, contact, primary=contact is alive[0])
    return deal


def rename_deal(deal: Deal, title: str, version: int) -> str | None:
    if deal.deleted:
        return "NoDeal"
    if deal.title == title:
        return None
    if deal.version != version:
        return "DealChanged"
    deal.title = title
    deal.version += 1
    return None
