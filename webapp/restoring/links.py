"""What a restore does with the lists, tags, accounts and deals of its contacts, counted for plan and report.

A list, tag, account or deal that was deleted after the contact does not come back with it (docs/rules.md,
rule 3). A deal that was deleted with its last contact comes back only if the restore was asked to rescue it.
A contact is mailable again for a list where it was before, unless consent has ended since; both are counted,
and so is what should never be: one that has become mailable (rule 9).

Every statement goes from the contacts to what they hang on: + 0 and `filter_only` keep the planner off the
indexes that lead the other way, to all contacts of a list, and SQLite off an index of its own.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from webapp.marketing.consent import suppressed_for
from webapp.models import (
    Account,
    Contact,
    ContactTag,
    Deal,
    DealContact,
    MailingList,
    RestoreLink,
    Subscription,
    Suppression,
    Tag,
)
from webapp.models.base import filter_only, is_one_of
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.restore_link import LinkEffect, LinkKind

# What becomes of the consent for a list.
CONSENT = (LinkEffect.MAILABLE, LinkEffect.HELD_BACK, LinkEffect.MADE_MAILABLE)
# Every effect that a kind of links can have.
EFFECTS = (
    *((LinkEffect.LOST, kind) for kind in LinkKind),
    (LinkEffect.RESCUED, LinkKind.DEAL),
    *((effect, LinkKind.LIST) for effect in CONSENT),
)
SUPPRESSIONS = "suppression"
# So many of each kind are named, those of the most contacts.
NAMED = 20


@dataclass(frozen=True)
class LinkCount:
    """One list, tag, account or deal, with the number of contacts that it concerns. `items` is how many there
    are of its kind and effect, `total` the sum of their contacts."""

    effect: LinkEffect
    kind: LinkKind
    item_id: int
    contacts: int
    items: int
    total: int


def read_links(rows: Iterable[Sequence[Any]]) -> list[LinkCount]:
    """The rows of statements made by `largest`."""
    return [
        LinkCount(LinkEffect(effect), LinkKind(kind), item_id, contacts, items, int(total))
        for effect, kind, item_id, contacts, items, total in rows
    ]


def largest(counted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The NAMED rows of each effect of a count with the most contacts, with the columns of `LinkCount`."""
    each = counted.subquery()
    of_effect = each.c.effect
    ranked = select(
        each,
        func.count().over(partition_by=of_effect).label("items"),
        func.sum(each.c.contacts).over(partition_by=of_effect).label("total"),
        func.row_number()
        .over(partition_by=of_effect, order_by=(each.c.contacts.desc(), each.c.item_id))
        .label("place"),
    ).subquery()
    columns = [column for column in ranked.c if column.name != "place"]
    first = select(*columns).where(ranked.c.place <= NAMED).order_by(ranked.c.place)
    # As a subquery, because SQLite orders no part of a union.
    return select(first.subquery())


def what_exists(session: Session, workspace_id: int) -> set[str]:
    """Which kinds have deleted items in the workspace, and SUPPRESSIONS if it has any. Mostly there is none,
    and then no contact need be looked at for it."""
    deleted = (
        select(literal(kind.value)).where(
            exists().where(model.workspace_id == workspace_id, model.deleted_at.is_not(None))
        )
        for kind, (model, _) in HUNG_ON.items()
    )
    suppressed = exists().where(Suppression.workspace_id == workspace_id)
    return set(session.scalars(union_all(*deleted, select(literal(SUPPRESSIONS)).where(suppressed))))


def lost(
    restored: FromClause, there_is: Collection[str], *, rescued: ColumnElement[bool] | None = None
) -> list[Select[*tuple[Any, ...]]]:
    """For each list, tag, account and deal that `restored` contacts do not get back: how many they are.

    `restored` has the columns contact_id, deletion_id and deleted_at; `there_is` is what `what_exists` says;
    `rescued` is the condition on a `Deal` that comes back. Columns: effect, kind, item_id, contacts.
    """
    deals = _detached(restored).where(filter_only(Deal.deleted_at.is_not(None)))
    if rescued is not None:
        deals = deals.where(~rescued)
    counts = [_count(LinkEffect.LOST, LinkKind.DEAL, Deal.id, deals)]
    for kind, (model, contacts) in HUNG_ON.items():
        if kind in there_is:
            of_contacts = contacts(restored).where(model.deleted_at > restored.c.deleted_at)
            counts.append(_count(LinkEffect.LOST, kind, model.id, of_contacts))
    return counts


def _on_lists(restored: FromClause) -> Select[int]:
    return (
        select(restored.c.contact_id)
        .join(Subscription, Subscription.contact_id == restored.c.contact_id + 0)
        .join(MailingList, MailingList.id == Subscription.list_id + 0)
    )


def _with_tags(restored: FromClause) -> Select[int]:
    return (
        select(restored.c.contact_id)
        .join(ContactTag, ContactTag.contact_id == restored.c.contact_id + 0)
        .join(Tag, Tag.id == ContactTag.tag_id + 0)
    )


def _of_accounts(restored: FromClause) -> Select[int]:
    return (
        select(restored.c.contact_id)
        .join(Contact, Contact.id == restored.c.contact_id + 0)
        .join(Account, Account.id == Contact.account_id + 0)
    )


# What contacts hang on, but for deals: the table, and the contacts joined with it.
HUNG_ON: dict[LinkKind, tuple[type[MailingList | Tag | Account], Callable[[FromClause], Select[int]]]] = {
    LinkKind.LIST: (MailingList, _on_lists),
    LinkKind.TAG: (Tag, _with_tags),
    LinkKind.ACCOUNT: (Account, _of_accounts),
}


def rescued_deals(restored: FromClause, *, by_job: int | None = None) -> Select[*tuple[Any, ...]]:
    """The same for each deal that comes back with the last of its contacts. For a job's later batches, those
    that it has brought back before count as well."""
    theirs = _detached(restored).where(
        filter_only(Deal.deleted_by_deletion_id == restored.c.deletion_id), comes_back(by_job)
    )
    return _count(LinkEffect.RESCUED, LinkKind.DEAL, Deal.id, theirs)


def comes_back(by_job: int | None) -> ColumnElement[bool]:
    """Whether a deal that a deletion deleted is still deleted, or back by this job."""
    deleted = filter_only(Deal.deleted_at.is_not(None))
    if by_job is None:
        return deleted
    already = rescued_by(by_job).where(RestoreLink.item_id == Deal.id).exists()
    return or_(deleted, already)


def rescued_by(job_id: int) -> Select[int]:
    """The ids of the deals that a job has brought back."""
    return select(RestoreLink.item_id).where(
        RestoreLink.job_id == job_id,
        RestoreLink.effect == LinkEffect.RESCUED.value,
        RestoreLink.kind == LinkKind.DEAL.value,
    )


def mailable(restored: FromClause, there_is: Collection[str]) -> Select[*tuple[Any, ...]]:
    """The same for each list for which `restored` contacts, which all keep their address, are mailable, are
    held back, or have become mailable. They need the columns contact_id and deleted_at only."""
    places = select(Subscription.list_id).join_from(
        restored, Subscription, Subscription.contact_id == restored.c.contact_id + 0
    )
    return _consent(places, restored.c.deleted_at, there_is)


def mailable_of_many(
    restored: FromClause, but: Select[int], there_is: Collection[str]
) -> Select[*tuple[Any, ...]]:
    """The same for very many contacts, less those whose ids are in `but`. They are counted apart, because the
    planner compares two tables fastest without them."""
    places = select(Subscription.list_id).join_from(
        restored, Subscription, Subscription.contact_id == restored.c.contact_id
    )
    left = aliased(Contact)
    of_others = (
        select(Subscription.list_id)
        .join(left, left.id == Subscription.contact_id)
        .where(is_one_of(Subscription.contact_id, but))
    )
    less = _consent(of_others, left.deleted_at, there_is)
    counted, left_out = _consent(places, restored.c.deleted_at, there_is).subquery(), less.subquery()
    columns = [column for column in counted.c if column.name != "contacts"]
    contacts = counted.c.contacts - func.coalesce(left_out.c.contacts, 0)
    return (
        select(*columns, contacts.label("contacts"))
        .outerjoin_from(
            counted,
            left_out,
            and_(left_out.c.item_id == counted.c.item_id, left_out.c.effect == counted.c.effect),
        )
        .where(contacts > 0)
    )


def _consent(
    places: Select[int],
    deleted_at: ColumnElement[Any] | InstrumentedAttribute[Any],
    there_is: Collection[str],
) -> Select[*tuple[Any, ...]]:
    """How many of these places on lists are mailable, held back, or have become mailable. The lists are few,
    so they are looked at last.

    A status that has changed since the deletion has become stricter: nothing else happens to a deleted
    contact. So it was Subscribed, unless it was Unconfirmed, which counts as held back, too.
    """
    subscribed = Subscription.status == SubscriptionStatus.SUBSCRIBED
    changed = Subscription.changed_at > deleted_at
    is_free: ColumnElement[bool] = true()
    was_free: ColumnElement[bool] = true()
    if SUPPRESSIONS in there_is:
        places = places.join(Contact, Contact.id == Subscription.contact_id)
        is_free = ~suppressed_for(Subscription.list_id)
        was_free = ~suppressed_for(Subscription.list_id, until=deleted_at)
    effect = case(
        (and_(subscribed, is_free, ~changed), LinkEffect.MAILABLE.value),
        (and_(subscribed, is_free), LinkEffect.MADE_MAILABLE.value),
        (and_(or_(and_(subscribed, ~changed), ~subscribed), was_free), LinkEffect.HELD_BACK.value),
    )
    each = places.where(or_(subscribed, changed)).add_columns(effect.label("effect")).subquery()
    counted = (
        select(each.c.effect, each.c.list_id, func.count().label("contacts"))
        .where(each.c.effect.is_not(None))
        .group_by(each.c.effect, each.c.list_id)
        .subquery()
    )
    return (
        select(
            counted.c.effect,
            literal(LinkKind.LIST.value).label("kind"),
            counted.c.list_id.label("item_id"),
            counted.c.contacts,
        )
        .join_from(counted, MailingList, MailingList.id == counted.c.list_id + 0)
        .where(filter_only(MailingList.deleted_at.is_(None)))
    )


def _detached(restored: FromClause) -> Select[int]:
    """The deals from which the contacts' own deletions have detached them."""
    return (
        select(restored.c.contact_id)
        .join(DealContact, DealContact.contact_id == restored.c.contact_id + 0)
        .join(Deal, Deal.id == DealContact.deal_id + 0)
        .where(filter_only(DealContact.detached_by_deletion_id == restored.c.deletion_id))
    )


def _count(
    effect: LinkEffect, kind: LinkKind, item: InstrumentedAttribute[int], query: Select[int]
) -> Select[*tuple[Any, ...]]:
    return query.with_only_columns(
        *_of(effect, kind), item.label("item_id"), func.count().label("contacts")
    ).group_by(item)


def _of(effect: LinkEffect, kind: LinkKind) -> tuple[ColumnElement[str], ColumnElement[str]]:
    return literal(effect.value).label("effect"), literal(kind.value).label("kind")
