"""Looking at a contact in the bin before it is restored: as it was when it was deleted, which of its
associations are still there, and what a restore of it alone would do, judged by the code that does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, String, and_, literal, or_, select, type_coerce, union_all
from sqlalchemy.orm import Session

from webapp.models import (
    Account,
    Contact,
    ContactTag,
    Deal,
    DealContact,
    Deletion,
    MailingList,
    Subscription,
    Tag,
    User,
)
from webapp.models.base import filter_only
from webapp.restoring.bin_window import window_of
from webapp.restoring.by_address import ids_with_address
from webapp.restoring.recycle_bin import WALK
from webapp.restoring.scope import Scope
from webapp.restoring.verdict import Verdict, judge

# So many contacts with the same address are named.
MOST_TWINS = 20


class Fate(StrEnum):
    """Whether a part of a deleted contact comes back with it (docs/rules.md, rules 1 to 3)."""

    THERE = "there"
    # Deleted after the contact.
    GONE = "gone"
    # A deal that was deleted when the last of its contacts was.
    LOST = "lost"


@dataclass(frozen=True)
class Part:
    """A list with the contact's status on it, a tag, an account, or a deal of which it may be the primary."""

    name: str
    fate: Fate = Fate.THERE
    status: str = ""
    is_primary: bool = False

    @property
    def comes_back(self) -> bool:
        return self.fate is Fate.THERE


@dataclass
class Side:
    """A contact with its associations: all that it had when it was deleted, or, live, all that it has."""

    contact: Contact
    account: Part | None = None
    lists: list[Part] = field(default_factory=list)
    tags: list[Part] = field(default_factory=list)
    deals: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Look:
    """`side` is the deleted contact, `live` the contact that uses its address. `twins` are the others in the
    bin with this address, last deleted first. `verdict` is that on a restore of this contact alone.
    """

    side: Side
    deleted_by: User | None
    verdict: Verdict
    live: Side | None
    twins: Sequence[Contact]


def look_at(session: Session, workspace_id: int, contact_id: int, now: datetime) -> Look | None:
    """The contact as it was deleted; None if it is not in the workspace's bin. Only reads."""
    found = session.execute(
        select(Contact, Account, Deletion, User)
        .join(Deletion, Deletion.id == Contact.deletion_id)
        .outerjoin(User, User.id == Deletion.user_id)
        .outerjoin(Account, Account.id == Contact.account_id)
        .where(Contact.id == contact_id, filter_only(Contact.workspace_id == workspace_id))
    ).one_or_none()
    if found is None or found.Deletion.number is None:
        return None
    contact = found.Contact
    scope = Scope(
        workspace_id,
        as_of=now,
        through_number=found.Deletion.number,
        key="",
        expected=1,
        ids=(contact_id,),
    )
    verdicts = judge(session, scope, limit=1)
    if not verdicts:
        return None
    live, twins = _same_address(session, scope, contact, verdicts[0].other_contact_id)
    side = Side(contact, _account(found.Account, contact))
    _fill(session, [side, live] if live else [side])
    return Look(side, found.User, verdicts[0], live, twins)


def _same_address(
    session: Session, scope: Scope, contact: Contact, holder_id: int | None
) -> tuple[Side | None, list[Contact]]:
    """The live contact `holder_id`, and the contacts in the bin that have the contact's address."""
    if contact.email_key is None:
        return None, []
    same = ids_with_address(window_of(scope), contact.email or "").subquery()
    ids = session.scalars(select(same.c.id).where(same.c.id != contact.id).limit(MOST_TWINS)).all()
    if not ids and holder_id is None:
        return None, []
    query = select(Contact, Account).outerjoin(Account, Account.id == Contact.account_id)
    rows = session.execute(query.where(Contact.id.in_([*ids, holder_id or 0])).order_by(*WALK.order)).all()
    sides = [Side(other, _account(account, other)) for other, account in rows]
    live = next((side for side in sides if side.contact.id == holder_id), None)
    return live, [side.contact for side in sides if side is not live]


def _account(account: Account | None, contact: Contact) -> Part | None:
    fate = _fate(account.deleted_at, contact) if account else None
    return Part(account.name, fate) if account and fate else None


def _fate(gone_at: datetime | None, contact: Contact) -> Fate | None:
    """None for what was gone already when the contact was deleted."""
    if gone_at is None:
        return Fate.THERE
    return Fate.GONE if contact.deleted_at is not None and gone_at >= contact.deleted_at else None


def _fill(session: Session, sides: Sequence[Side]) -> None:
    """Read the lists, tags and deals of all sides together."""
    by_id = {side.contact.id: side for side in sides}
    for contact_id, is_list, name, gone_at, status in session.execute(_lists_and_tags(list(by_id))):
        side = by_id[contact_id]
        if fate := _fate(gone_at, side.contact):
            (side.lists if is_list else side.tags).append(Part(name, fate, status))
    for deal, place in session.execute(_deals(list(by_id))):
        side = by_id[place.contact_id]
        if fate := _fate_of_deal(deal, place, side.contact):
            side.deals.append(Part(deal.title, fate, is_primary=place.is_primary))


def _lists_and_tags(contact_ids: list[int]) -> Select[*tuple[int, bool, str, datetime | None, str]]:
    lists = (
        select(
            Subscription.contact_id,
            literal(True).label("is_list"),
            MailingList.name.label("name"),
            MailingList.deleted_at,
            type_coerce(Subscription.status, String).label("status"),
        )
        .join(MailingList, MailingList.id == Subscription.list_id)
        .where(Subscription.contact_id.in_(contact_ids))
    )
    tags = (
        select(ContactTag.contact_id, literal(False), Tag.name, Tag.deleted_at, literal(""))
        .join(Tag, Tag.id == ContactTag.tag_id)
        .where(ContactTag.contact_id.in_(contact_ids))
    )
    both = union_all(lists, tags).subquery()
    return select(both).order_by(both.c.name)


def _deals(contact_ids: list[int]) -> Select[Deal, DealContact]:
    return (
        select(Deal, DealContact)
        .join(DealContact, DealContact.deal_id == Deal.id)
        .where(
            DealContact.contact_id.in_(contact_ids),
            or_(
                DealContact.detached_by_deletion_id.is_not(None),
                and_(DealContact.detached_at.is_(None), Deal.deleted_at.is_(None)),
            ),
        )
        .order_by(Deal.title, Deal.id)
    )


def _fate_of_deal(deal: Deal, place: DealContact, contact: Contact) -> Fate | None:
    """None for a deal that the contact was not on when it was deleted, or, live, that it is not on."""
    if contact.deleted_at is None:
        return Fate.THERE if place.detached_at is None else None
    if place.detached_by_deletion_id != contact.deletion_id:
        return None
    if deal.deleted_at is None:
        return Fate.THERE
    return Fate.GONE if deal.deleted_by_deletion_id is None else Fate.LOST
