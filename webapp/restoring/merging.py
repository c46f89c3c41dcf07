"""Merging deleted contacts into the live contacts with their addresses, in the caller's transaction.

A value of the live contact is never overwritten, except by the stricter consent (docs/rules.md, rule 11).
Nothing is triggered. Lists, tags, accounts and deals that are deleted stay hidden and are not carried over.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, insert, literal, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from webapp.contacts.matching import search_columns
from webapp.database import execute_update, id_table
from webapp.marketing.consent import strictness
from webapp.models import (
    Account,
    Contact,
    ContactNote,
    ContactSearch,
    ContactTag,
    Deal,
    DealContact,
    MailingList,
    Subscription,
    Tag,
)
from webapp.models.base import filter_only
from webapp.models.mailing_list import SubscriptionStatus

# The contact that goes, and the live one that it becomes a part of.
Gone = aliased(Contact, name="gone")


def merge_contacts(session: Session, ids: Sequence[int], now: datetime) -> int:
    """Merge the deleted contacts `ids` into the live contacts with their addresses, and return how many there
    were: fewer than `ids` if one is no longer deleted, or its address no longer taken.

    Their deals must have been rescued before, if they are to be.
    """
    gone = select(id_table(session, ids).c.value)
    merged = _point_to_live(session, gone)
    _fill_gaps(session, gone, now)
    _unite_tags(session, gone)
    _unite_lists(session, gone, now)
    _join_deals(session, gone)
    execute_update(
        session,
        update(ContactNote)
        .where(ContactNote.contact_id == Gone.id, Gone.id.in_(gone))
        .values(contact_id=Gone.merged_into_id),
    )
    return merged


def _point_to_live(session: Session, gone: Select[int]) -> int:
    """`merged_into_id` takes a contact out of the bin; the statements below read it."""
    live = aliased(Contact, name="live")
    return execute_update(
        session,
        update(Contact)
        .where(
            Contact.id.in_(gone),
            filter_only(and_(Contact.deleted_at.is_not(None), Contact.merged_into_id.is_(None))),
            live.email_key == Contact.email_key,
            live.deleted_at.is_(None),
            filter_only(live.workspace_id == Contact.workspace_id),
        )
        .values(merged_into_id=live.id),
    )


def _fill_gaps(session: Session, gone: Select[int], now: datetime) -> None:
    """Fill the empty fields of the live contacts. Each counts as changed: its tags, lists and deals do."""
    renamed = session.scalars(
        select(Contact.id)
        .join(Gone, Gone.merged_into_id == Contact.id)
        .where(
            Gone.id.in_(gone),
            or_(
                and_(Contact.first_name == "", Gone.first_name != ""),
                and_(Contact.last_name == "", Gone.last_name != ""),
            ),
        )
    ).all()
    # A deleted account is hidden, and so a gap.
    own_lives = exists().where(Account.id == Contact.account_id, Account.deleted_at.is_(None))
    account = (
        select(Account.id)
        .where(Account.id == Gone.account_id, Account.deleted_at.is_(None))
        .scalar_subquery()
    )
    execute_update(
        session,
        update(Contact)
        .where(Gone.merged_into_id == Contact.id, Gone.id.in_(gone))
        .values(
            first_name=_unless_empty(Contact.first_name, Gone.first_name),
            last_name=_unless_empty(Contact.last_name, Gone.last_name),
            phone=_unless_empty(Contact.phone, Gone.phone),
            account_id=case(
                (own_lives, Contact.account_id), else_=func.coalesce(account, Contact.account_id)
            ),
            version=Contact.version + 1,
            updated_at=now,
        ),
    )
    renew_search(session, renamed)


def _unless_empty(own: InstrumentedAttribute[str], other: InstrumentedAttribute[str]) -> ColumnElement[str]:
    return case((own != "", own), else_=other)


def renew_search(session: Session, ids: Sequence[int]) -> None:
    """Write the search texts of contacts whose names or addresses the caller has changed."""
    if not ids:
        return
    names = select(Contact.id, Contact.first_name, Contact.last_name, Contact.email, Contact.email_key).where(
        Contact.id.in_(select(id_table(session, ids).c.value))
    )
    session.execute(
        update(ContactSearch),
        [
            {"contact_id": contact_id, **search_columns(first, last, email, key)}
            for contact_id, first, last, email, key in session.execute(names)
        ],
    )


def _unite_tags(session: Session, gone: Select[int]) -> None:
    own = aliased(ContactTag)
    has_it = exists().where(own.contact_id == Gone.merged_into_id, own.tag_id == ContactTag.tag_id)
    missing = (
        select(Gone.merged_into_id, ContactTag.tag_id, ContactTag.added_at)
        .join(ContactTag, ContactTag.contact_id == Gone.id)
        .join(Tag, Tag.id == ContactTag.tag_id)
        .where(Gone.id.in_(gone), Tag.deleted_at.is_(None), ~has_it)
    )
    columns = ["contact_id", "tag_id", "added_at"]
    execute_update(session, insert(ContactTag).from_select(columns, missing))


def _unite_lists(session: Session, gone: Select[int], now: datetime) -> None:
    """The stricter consent holds, and no contact becomes Subscribed: a list that only the deleted contact was
    on is taken over as Unconfirmed."""
    theirs = aliased(Subscription, name="theirs")
    execute_update(
        session,
        update(Subscription)
        .where(
            Gone.id.in_(gone),
            Subscription.contact_id == Gone.merged_into_id,
            theirs.contact_id == Gone.id,
            theirs.list_id == Subscription.list_id,
            strictness(theirs.status) > strictness(Subscription.status),
        )
        .values(status=theirs.status, changed_at=now),
    )
    own = aliased(Subscription)
    is_on_it = exists().where(own.contact_id == Gone.merged_into_id, own.list_id == theirs.list_id)
    unconfirmed = literal(SubscriptionStatus.UNCONFIRMED, Subscription.status.type)
    missing = (
        select(
            Gone.merged_into_id,
            theirs.list_id,
            case((theirs.status == SubscriptionStatus.SUBSCRIBED, unconfirmed), else_=theirs.status),
            literal(now, Subscription.changed_at.type),
        )
        .join(theirs, theirs.contact_id == Gone.id)
        .join(MailingList, MailingList.id == theirs.list_id)
        .where(Gone.id.in_(gone), MailingList.deleted_at.is_(None), ~is_on_it)
    )
    columns = ["contact_id", "list_id", "status", "changed_at"]
    execute_update(session, insert(Subscription).from_select(columns, missing))


def _join_deals(session: Session, gone: Select[int]) -> None:
    """The live contact takes the place on each deal from which the deletion has detached the other, never as
    primary (rule 2)."""
    theirs = aliased(DealContact, name="theirs")
    detached = and_(
        Gone.id.in_(gone),
        theirs.contact_id == Gone.id,
        theirs.detached_by_deletion_id == Gone.deletion_id,
    )
    lives = select(Deal.id).where(Deal.id == theirs.deal_id, Deal.deleted_at.is_(None)).exists()
    execute_update(
        session,
        update(DealContact)
        .where(
            detached,
            filter_only(lives),
            DealContact.contact_id == Gone.merged_into_id,
            DealContact.deal_id == theirs.deal_id,
            DealContact.detached_at.is_not(None),
        )
        .values(detached_at=None, detached_by_deletion_id=None, is_primary=False),
    )
    own = aliased(DealContact)
    is_on_it = exists().where(own.contact_id == Gone.merged_into_id, own.deal_id == theirs.deal_id)
    missing = (
        select(theirs.deal_id, Gone.merged_into_id, literal(value=False), theirs.attached_at)
        .select_from(Gone)
        .join(theirs, theirs.contact_id == Gone.id)
        .where(detached, filter_only(lives), ~is_on_it)
        # As they are met by the walk: of places of one time the first written is the longest held.
        .order_by(Gone.deleted_at.desc(), Gone.id.desc())
    )
    columns = ["deal_id", "contact_id", "is_primary", "attached_at"]
    execute_update(session, insert(DealContact).from_select(columns, missing))
