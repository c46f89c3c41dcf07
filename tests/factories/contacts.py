"""Contacts, live and deleted, and what they are associated with."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import CONSONANTS, World, number
from webapp.catalogue.deal_titles import store_titles
from webapp.clock import read_clock
from webapp.contacts.address import email_key
from webapp.contacts.delete import delete_contacts
from webapp.contacts.matching import search_columns
from webapp.models import (
    Account,
    Contact,
    ContactSearch,
    ContactTag,
    Deal,
    DealContact,
    Deletion,
    MailingList,
    Subscription,
    Tag,
)

DAY = timedelta(days=1)
UNSET = "unset"


def unique_address() -> str:
    """An address of its own, in which no name and no number that a test searches for is found."""
    return f"contact{number()}@example.com".translate(CONSONANTS)


def new_contact(
    session: Session,
    world: World,
    first_name: str = "Ann",
    last_name: str = "Lee",
    *,
    email: str | None = UNSET,
    account: Account | None = None,
    created_at: datetime | None = None,
) -> Contact:
    """A live contact that can be searched for; with an address of its own unless one (or None) is given."""
    address = unique_address() if email == UNSET else email
    moment = created_at or read_clock(session) - 400 * DAY
    contact = Contact(
        workspace_id=world.id,
        email=address,
        email_key=email_key(address),
        first_name=first_name,
        last_name=last_name,
        account_id=account.id if account else None,
        created_at=moment,
        updated_at=moment,
    )
    _store(session, [contact])
    return contact


def new_contacts(
    session: Session, world: World, count: int, first_name: str = "Ann", *, created_at: datetime | None = None
) -> list[Contact]:
    """Many at once, named "Ann Number 00000" and so on, all created at the same time."""
    moment = created_at or read_clock(session) - 400 * DAY
    addresses = [unique_address() for _ in range(count)]
    contacts = [
        Contact(
            workspace_id=world.id,
            email=address,
            email_key=address,
            first_name=first_name,
            last_name=f"Number {i:05}",
            created_at=moment,
            updated_at=moment,
        )
        for i, address in enumerate(addresses)
    ]
    _store(session, contacts)
    return contacts


def _store(session: Session, contacts: list[Contact]) -> None:
    session.add_all(contacts)
    session.flush()
    session.add_all(
        ContactSearch(
            contact_id=contact.id,
            workspace_id=contact.workspace_id,
            **search_columns(contact.first_name, contact.last_name, contact.email, contact.email_key),
        )
        for contact in contacts
    )
    session.flush()


def delete(
    session: Session,
    world: World,
    *contacts: Contact,
    ago: timedelta = timedelta(hours=1),
    at: datetime | None = None,
    by: int | None = None,
) -> Deletion:
    """Delete the contacts in one deletion, `ago` before now or `at` a time, by default by the member."""
    deletion = delete_contacts(
        session,
        workspace_id=world.id,
        which=select(Contact.id).where(Contact.id.in_([contact.id for contact in contacts])),
        by=world.member.id if by is None else by,
        now=at or read_clock(session) - ago,
        source="test",
    )
    assert deletion is not None
    return deletion


def new_list(session: Session, world: World, name: str | None = None) -> MailingList:
    row = MailingList(workspace_id=world.id, name=name or f"List {number()}")
    session.add(row)
    session.flush()
    return row


def subscribe(session: Session, contact: Contact, mailing_list: MailingList, status: str) -> Subscription:
    row = Subscription(
        contact_id=contact.id, list_id=mailing_list.id, status=status, changed_at=contact.created_at
    )
    session.add(row)
    session.flush()
    return row


def new_tag(session: Session, world: World, name: str | None = None) -> Tag:
    row = Tag(workspace_id=world.id, name=name or f"Tag {number()}")
    session.add(row)
    session.flush()
    return row


def put_tag(session: Session, contact: Contact, tag: Tag) -> None:
    session.add(ContactTag(contact_id=contact.id, tag_id=tag.id))
    session.flush()


def new_account(session: Session, world: World, name: str | None = None) -> Account:
    row = Account(workspace_id=world.id, name=name or f"Account {number()}")
    session.add(row)
    session.flush()
    return row


def new_deal(session: Session, world: World, *contacts: Contact, title: str = "A deal") -> Deal:
    """A deal with these contacts, attached in this order, the first one as primary."""
    deal = Deal(workspace_id=world.id, title=title, value=Decimal("100.00"))
    session.add(deal)
    session.flush()
    store_titles(session, [deal])
    for place, contact in enumerate(contacts):
        session.add(
            DealContact(
                deal_id=deal.id,
                contact_id=contact.id,
                is_primary=place == 0,
                attached_at=contact.created_at + place * timedelta(minutes=1),
            )
        )
    session.flush()
    return deal
