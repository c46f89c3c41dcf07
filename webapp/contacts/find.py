"""Finding live contacts: the overview's pages, and one contact with everything that hangs on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.normal import found_by
from webapp.models import (
    Account,
    Contact,
    ContactSearch,
    ContactTag,
    Deal,
    DealContact,
    MailingList,
    Subscription,
    Tag,
    live,
)

NEWEST_FIRST = Keyset(Contact.created_at, Contact.id)


@dataclass(frozen=True)
class Wanted:
    """Which live contacts are asked for: `q` is normal text, `restored_by` a restore job's id."""

    workspace_id: int
    q: str = ""
    restored_by: int | None = None

    def ids(self) -> Select[int]:
        """The ids of the live contacts that are wanted, in no order."""
        query = select(Contact.id).where(live(self.workspace_id))
        if self.restored_by is not None:
            query = query.where(Contact.restore_job_id == self.restored_by)
        if self.q:
            query = query.join(ContactSearch, ContactSearch.contact_id == Contact.id).where(found_by(self.q))
        return query


def read_page(
    session: Session,
    wanted: Wanted,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
    only: list[int] | None = None,
) -> Page:
    """One page of live contacts, newest first: each contact with its account's name, if that is not deleted.

    `only` narrows it to these ids.
    """
    query = (
        wanted.ids()
        .with_only_columns(Contact, Account.name)
        .outerjoin(Account, (Account.id == Contact.account_id) & Account.deleted_at.is_(None))
    )
    if only is not None:
        query = query.where(Contact.id.in_(only))
    return NEWEST_FIRST.read(session, query, size=size, after=after, before=before)


def count(session: Session, wanted: Wanted) -> int:
    """How many live contacts are wanted."""
    return session.scalar(select(func.count()).select_from(wanted.ids().subquery())) or 0


def among(session: Session, wanted: Wanted, ids: list[int]) -> list[int]:
    """Those of `ids` that live and are wanted."""
    return list(session.scalars(wanted.ids().where(Contact.id.in_(ids)))) if ids else []


@dataclass(frozen=True)
class Profile:
    """A live contact and what it is associated with; deleted lists, tags, accounts and deals are hidden."""

    contact: Contact
    account_name: str | None
    subscriptions: Sequence[Row[MailingList, Subscription]]
    tags: Sequence[Tag]
    deals: Sequence[Row[Deal, DealContact]]


def profile(session: Session, workspace_id: int, contact_id: int) -> Profile | None:
    """The live contact `contact_id` of the workspace with its associations; None where there is none."""
    contact = session.scalar(
        Wanted(workspace_id).ids().with_only_columns(Contact).where(Contact.id == contact_id)
    )
    if contact is None:
        return None
    return Profile(
        contact=contact,
        account_name=session.scalar(
            select(Account.name).where(Account.id == contact.account_id, Account.deleted_at.is_(None))
        ),
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
