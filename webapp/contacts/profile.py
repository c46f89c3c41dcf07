"""One live contact with all its associations."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from webapp.contacts.address import email_key
from webapp.models import (
    Account,
    Contact,
    ContactTag,
    Deal,
    DealContact,
    MailingList,
    Subscription,
    Tag,
    live,
)
from webapp.models.base import filter_only


def live_rows(workspace_id: int) -> Select[Contact, str]:
    """Live contacts with their accounts' names, for a statement that adds the ids."""
    query = select(Contact, Account.name).where(filter_only(live(workspace_id)))
    return query.outerjoin(Account, (Account.id == Contact.account_id) & Account.deleted_at.is_(None))


def with_address(session: Session, workspace_id: int, email: str | None) -> Contact | None:
    """The live contact that has this address, in whatever spelling."""
    if (key := email_key(email)) is None:
        return None
    return session.scalar(select(Contact).where(Contact.email_key == key, live(workspace_id)))


@dataclass(frozen=True)
class Profile:
    """A live contact and its associations, without deleted lists, tags, accounts and deals."""

    contact: Contact
    account_name: str | None
    subscriptions: Sequence[Row[MailingList, Subscription]]
    tags: Sequence[Tag]
    deals: Sequence[Row[Deal, DealContact]]


def profile(session: Session, workspace_id: int, contact_id: int) -> Profile | None:
    """The live contact `contact_id` of the workspace with its associations; None if there is none."""
    found = session.execute(live_rows(workspace_id).where(Contact.id == contact_id)).one_or_none()
    if found is None:
        return None
    contact, account_name = found
    return Profile(
        contact=contact,
        account_name=account_name,
        subscriptions=session.execute(
            select(MailingList, Subscription)
            .join(Subscription, Subscription.list_id == MailingList.id)
            .where(Subscription.contact_id == contact_id, MailingList.deleted_at.is_(None))
            .order_by(MailingList.name)
        ).all(),
        tags=session.scalars(
            select(Tag)
            .join(ContactTag, ContactTag.tag_id == Tag.id)
            .where(ContactTag.contact_id == contact_id, Tag.deleted_at.is_(None))
            .order_by(Tag.name)
        ).all(),
        deals=session.execute(
            select(Deal, DealContact)
            .join(DealContact, DealContact.deal_id == Deal.id)
            .where(
                DealContact.contact_id == contact_id,
                DealContact.detached_at.is_(None),
                Deal.deleted_at.is_(None),
            )
            .order_by(Deal.title, Deal.id)
        ).all(),
    )
