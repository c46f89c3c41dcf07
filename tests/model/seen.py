"""The visible state of a business, in the model and in the database. Each aspect is a plain value, so that
two states are equal or show where they differ."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Executable, bindparam, literal, select, union_all
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.model.business import Business
from tests.model.restoring import WINDOW, bin_of
from tests.model.suppressions import hash_of
from tests.model.things import Contact as ModelContact
from webapp.contacts.profile import profile
from webapp.folding import folded
from webapp.models import (
    Account,
    AutomationRun,
    CampaignSend,
    Contact,
    ContactNote,
    ContactSearch,
    ContactTag,
    Deal,
    DealContact,
    Deletion,
    MailingList,
    Subscription,
    Suppression,
    Tag,
    User,
    days_left,
)
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import count, read_page

State = dict[str, Any]
# The id in the database of each object of the model.
Ids = Mapping[object, int]


def model_state(business: Business, ids: Ids) -> State:
    """The state according to the model."""
    in_bin = bin_of(business)
    return {
        "lists, tags and accounts": {
            (thing.kind, thing.name, ids[thing]) for thing in business.things if not thing.deleted
        },
        "contacts": {
            ids[contact]: (
                *contact.details[:3],
                contact.details.phone,
                ids[account] if (account := contact.details.account) and not account.deleted else None,
                contact.created_at,
            )
            for contact in business.live
        },
        "search texts": {ids[contact]: _search_text(*contact.details[:3]) for contact in business.contacts},
        "merged": {
            ids[contact]: ids[contact.merged_into] for contact in business.contacts if contact.merged_into
        },
        "how often written to": {
            ids[contact]: (1 + contact.writes, contact.written_at) for contact in business.contacts
        },
        "places on lists": {
            (ids[contact], ids[mailing_list]): status
            for contact in business.live
            for mailing_list, status in contact.lists.items()
            if not mailing_list.deleted
        },
        "tags carried": {
            (ids[contact], ids[tag]) for contact in business.live for tag in contact.tags if not tag.deleted
        },
        "deals": {
            ids[deal]: (
                deal.title,
                [ids[c] for c in deal.contacts],
                ids[deal.primary] if deal.primary else None,
            )
            for deal in business.deals
            if not deal.deleted
        },
        "deals deleted": {
            ids[deal]: deal.deleted_by.number if deal.deleted_by else None
            for deal in business.deals
            if deal.deleted
        },
        "the bin": [
            (
                ids[c],
                c.deletion.at,
                c.deletion.by,
                (c.deletion.at + WINDOW - business.now) // timedelta(days=1),
            )
            for c in in_bin
            if c.deletion
        ],
        "deletions": [
            (
                d.number,
                d.at,
                len(d.contacts),
                sum(c.deletion is d and c.merged_into is None for c in business.contacts),
            )
            for d in business.deletions
        ],
        "runs": sorted(
            (ids[run.contact], ids[run.automation], run.state, run.due.timestamp() if run.is_pending else 0)
            for run in business.marketing.runs
        ),
        "messages": sorted(
            (ids[m.contact] if m.contact else 0, ids[m.campaign], m.run is not None, m.state)
            for m in business.marketing.messages
        ),
        "suppressions": sorted(
            (hash_of(address), ids[scope] if scope else 0, why)
            for address, scope, why in business.marketing.suppressions.rows
        ),
    }


@lru_cache
def _search_text(email: str | None, first_name: str, last_name: str) -> str:
    return folded(first_name, last_name, email)


def database_state(session: Session, world: World, business: Business, ids: Ids) -> State:
    """The state according to the database, by plain queries."""
    here = {"workspace": world.id}
    connection = session.connection()

    def read(statement: Executable) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(statement, here)]

    contacts, deals, in_bin = read(CONTACTS), read(DEALS), read(BIN)
    from_here = business.now - WINDOW
    return {
        "lists, tags and accounts": set(read(CATALOGUE)),
        "contacts": {row[0]: row[6:] for row in contacts if row[1]},
        "search texts": {row[0]: row[5] for row in contacts},
        "merged": {row[0]: row[4] for row in contacts if row[4]},
        "how often written to": {row[0]: (row[2], row[3]) for row in contacts},
        "places on lists": {row[:2]: row[2] for row in read(PLACES_ON_LISTS)},
        "tags carried": set(read(TAGS_CARRIED)),
        "deals": {
            deal: (
                title,
                [contact for other, contact, *_ in deals if other == deal and contact],
                next((contact for other, contact, primary, *_ in deals if other == deal and primary), None),
            )
            for deal, _, _, lives, _, title in deals
            if lives
        },
        "deals deleted": {deal: number for deal, _, _, lives, number, _ in deals if not lives},
        "the bin": [
            (contact, deleted_at, name, days_left(deleted_at, business.now))
            for contact, deleted_at, name in in_bin
            if deleted_at >= from_here
        ],
        "deletions": read(DELETIONS),
        "runs": sorted(
            (*run, due.timestamp() if run[2] in ("queued", "waiting") else 0) for *run, due in read(RUNS)
        ),
        "messages": sorted((contact or 0, *rest) for contact, *rest in read(MESSAGES)),
        "suppressions": sorted((address, scope or 0, why) for address, scope, why in read(SUPPRESSIONS)),
    }


def bin_page(session: Session, world: World, now: datetime) -> list[tuple[Any, ...]]:
    """The bin as its page shows and counts it; like "the bin" of a state."""
    window = BinWindow(world.id, now)
    rows = read_page(session, window, Filters(), size=100).rows
    assert count(session, window, Filters()) == len(rows)
    return [
        (contact.id, contact.deleted_at, name, days_left(contact.deleted_at, now)) for contact, name in rows
    ]


# Built once, because they are executed after every step.
WORKSPACE: BindParameter[int] = bindparam("workspace")
CONTACTS = (
    select(
        Contact.id,
        Contact.deleted_at.is_(None),
        Contact.version,
        Contact.updated_at,
        Contact.merged_into_id,
        ContactSearch.folded,
        Contact.email,
        Contact.first_name,
        Contact.last_name,
        Contact.phone,
        Account.id,
        Contact.created_at,
    )
    .join(ContactSearch, ContactSearch.contact_id == Contact.id)
    .outerjoin(Account, (Account.id == Contact.account_id) & Account.deleted_at.is_(None))
    .where(Contact.workspace_id == WORKSPACE)
)
LIVE = (Contact.workspace_id == WORKSPACE) & Contact.deleted_at.is_(None)
PLACES_ON_LISTS = (
    select(Subscription.contact_id, Subscription.list_id, Subscription.status)
    .join(Contact, Contact.id == Subscription.contact_id)
    .join(MailingList, MailingList.id == Subscription.list_id)
    .where(LIVE, MailingList.deleted_at.is_(None))
)
TAGS_CARRIED = (
    select(ContactTag.contact_id, ContactTag.tag_id)
    .join(Contact, Contact.id == ContactTag.contact_id)
    .join(Tag, Tag.id == ContactTag.tag_id)
    .where(LIVE, Tag.deleted_at.is_(None))
)
DEALS = (
    select(
        Deal.id,
        DealContact.contact_id,
        DealContact.is_primary,
        Deal.deleted_at.is_(None),
        Deletion.number,
        Deal.title,
    )
    .outerjoin(DealContact, (DealContact.deal_id == Deal.id) & DealContact.detached_at.is_(None))
    .outerjoin(Deletion, Deletion.id == Deal.deleted_by_deletion_id)
    .where(Deal.workspace_id == WORKSPACE)
    .order_by(Deal.id, DealContact.attached_at, DealContact.id)
)
CATALOGUE = union_all(
    *(
        select(literal(name), kind.name, kind.id).where(
            kind.workspace_id == WORKSPACE, kind.deleted_at.is_(None)
        )
        for name, kind in (("list", MailingList), ("tag", Tag), ("account", Account))
    )
)
BIN = (
    select(Contact.id, Contact.deleted_at, User.name)
    .join(Deletion, Deletion.id == Contact.deletion_id)
    .outerjoin(User, User.id == Deletion.user_id)
    .where(
        Contact.workspace_id == WORKSPACE,
        Contact.deleted_at.is_not(None),
        Contact.merged_into_id.is_(None),
    )
    .order_by(Contact.deleted_at.desc(), Contact.id.desc())
)
DELETIONS = (
    select(Deletion.number, Deletion.created_at, Deletion.contact_count, Deletion.in_bin)
    .where(Deletion.workspace_id == WORKSPACE)
    .order_by(Deletion.number)
)
RUNS = select(
    AutomationRun.contact_id, AutomationRun.automation_id, AutomationRun.state, AutomationRun.due_at
).where(AutomationRun.workspace_id == WORKSPACE)
MESSAGES = select(
    CampaignSend.contact_id,
    CampaignSend.campaign_id,
    CampaignSend.automation_run_id.is_not(None),
    CampaignSend.state,
).where(CampaignSend.workspace_id == WORKSPACE)


SUPPRESSIONS = select(Suppression.address_hash, Suppression.list_id, Suppression.reason).where(
    Suppression.workspace_id == WORKSPACE
)


def notes(session: Session, world: World) -> list[tuple[Any, ...]]:
    """All notes; only a restore moves them, so they are compared after one."""
    return sorted(tuple(row) for row in session.execute(NOTES, {"workspace": world.id}))


NOTES = (
    select(ContactNote.contact_id, ContactNote.kind, ContactNote.text)
    .join(Contact, Contact.id == ContactNote.contact_id)
    .where(Contact.workspace_id == WORKSPACE)
)


def model_notes(business: Business, ids: Ids) -> list[tuple[Any, ...]]:
    """The same, according to the model."""
    return sorted((ids[contact], *note) for contact in business.contacts for note in contact.notes)


def page_of(session: Session, world: World, contact_id: int) -> State:
    """A live contact as its page shows it."""
    page = profile(session, world.id, contact_id)
    assert page is not None
    return {
        "account": page.account_name,
        "lists": [(mailing_list.id, place.status) for mailing_list, place in page.subscriptions],
        "tags": [tag.id for tag in page.tags],
        "deals": sorted((deal.id, place.is_primary) for deal, place in page.deals),
        "created": page.contact.created_at,
    }


def model_page_of(business: Business, contact: ModelContact, ids: Ids) -> State:
    """The same, according to the model."""
    account = contact.details.account
    lists = sorted(contact.lists.items(), key=lambda place: place[0].name)
    tags = sorted(contact.tags, key=lambda tag: tag.name)
    return {
        "account": account.name if account and not account.deleted else None,
        "lists": [(ids[thing], status) for thing, status in lists if not thing.deleted],
        "tags": [ids[tag] for tag in tags if not tag.deleted],
        "deals": sorted(
            (ids[deal], deal.primary is contact)
            for deal in business.deals
            if not deal.deleted and contact in deal.contacts
        ),
        "created": contact.created_at,
    }
