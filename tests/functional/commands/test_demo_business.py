"""The demo is a plausible small business: its data are consistent."""

import re
from collections import Counter, defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.support.browser import Browser
from webapp.clock import read_clock
from webapp.models import (
    Account,
    Contact,
    ContactTag,
    Deal,
    DealContact,
    MailingList,
    Subscription,
    Tag,
    User,
    Workspace,
)

MOBILES = ("+49 171 ", "+44 7700 ", "+33 6 ", "+46 70 ")
CURRENCIES = {"+49": "EUR", "+33": "EUR", "+44": "GBP", "+46": "SEK"}
NUMBERED = re.compile(r"(.*[^0-9])([0-9]+)@(.*)")


@pytest.fixture
def home(demo: Session) -> Workspace:
    return demo.scalars(select(Workspace).where(Workspace.name == "Northwind Traders")).one()


@pytest.fixture
def contacts(demo: Session, home: Workspace) -> list[Contact]:
    return list(demo.scalars(select(Contact).where(Contact.workspace_id == home.id).order_by(Contact.id)))


@pytest.fixture
def by_account(contacts: list[Contact]) -> dict[int, list[Contact]]:
    found = defaultdict(list)
    for contact in contacts:
        if contact.account_id is not None:
            found[contact.account_id].append(contact)
    return dict(found)


def tagged(demo: Session, name: str, home: Workspace) -> set[int]:
    found = select(ContactTag.contact_id).join(Tag).where(Tag.name == name, Tag.workspace_id == home.id)
    return set(demo.scalars(found))


def test_an_address_has_a_number_only_where_two_share_a_name(contacts: list[Contact]) -> None:
    keys = {contact.email_key for contact in contacts if contact.email_key}
    numbered = [found for key in keys if (found := NUMBERED.fullmatch(key))]

    assert len(numbered) < len(keys) / 100
    for found in numbered:
        assert f"{found[1]}@{found[3]}" in keys


def test_the_people_of_a_firm_share_its_domain_and_its_telephone(
    by_account: dict[int, list[Contact]],
) -> None:
    sizes = Counter(len({contact.email_key for contact in people}) for people in by_account.values())
    assert max(sizes) < 20
    assert sum(count for size, count in sizes.items() if size > 1) > sum(sizes.values()) / 2

    for people in by_account.values():
        assert len({contact.email_key.split("@")[1] for contact in people if contact.email_key}) <= 1
        phones = {contact.phone for contact in people if contact.phone}
        assert len({phone for phone in phones if not phone.startswith(MOBILES)}) <= 1


def test_a_deal_belongs_to_one_firm_and_names_it(demo: Session, home: Workspace) -> None:
    rows = demo.execute(
        select(Deal, Account.name, Contact)
        .join(DealContact, DealContact.deal_id == Deal.id)
        .join(Contact, Contact.id == DealContact.contact_id)
        .join(Account, Account.id == Contact.account_id)
        .where(Deal.workspace_id == home.id)
    ).all()
    accounts = defaultdict(set)
    for deal, name, contact in rows:
        assert deal.title.endswith(f" for {name}")
        assert deal.value >= 500
        assert (deal.stage == "Closed") == (deal.status in ("won", "lost"))
        assert deal.currency == CURRENCIES.get(contact.phone[:3], deal.currency)
        accounts[deal.id].add(contact.account_id)

    assert len(accounts) > 200
    assert {len(found) for found in accounts.values()} == {1}


def test_a_lost_customer_has_no_open_deal(demo: Session, home: Workspace) -> None:
    former = tagged(demo, "Former customer", home)
    stages = select(Deal.status).join(DealContact).where(DealContact.contact_id.in_(former))

    assert set(demo.scalars(stages)) == {"won", "lost"}


def test_each_status_is_plausible(demo: Session, contacts: list[Contact]) -> None:
    now = read_clock(demo)
    here = {contact.id: contact for contact in contacts}
    statuses = defaultdict(set)
    for row in demo.scalars(select(Subscription).where(Subscription.contact_id.in_(here))):
        statuses[row.contact_id].add(row.status)

    for contact_id, found in statuses.items():
        assert here[contact_id].email, "no contact without an address is on a list"
        assert "bounced" not in found or len(found) == 1, "an address bounces on all its lists or on none"
        if "unconfirmed" in found:
            assert now - here[contact_id].created_at < timedelta(days=91), (
                "old subscriptions are confirmed or ended"
            )


def test_the_number_of_contacts_has_grown(demo: Session, contacts: list[Contact]) -> None:
    now, leads = read_clock(demo), {contact.id for contact in contacts if contact.deleted_at}
    years = Counter((now - contact.created_at).days // 365 for contact in contacts if contact.id not in leads)

    assert years[0] > years[1] > years[2] > 100


def test_firms_are_created_in_office_hours(by_account: dict[int, list[Contact]], demo: Session) -> None:
    """Apart from the trade fair, and from contacts that were created again today."""
    zone, today = ZoneInfo("Europe/Berlin"), read_clock(demo) - timedelta(days=1)
    moments = [
        contact.created_at.astimezone(zone)
        for people in by_account.values()
        for contact in people
        if contact.created_at < today
    ]
    assert len(moments) > 1000
    # One offset is used for the whole year, so in the other half times may be off by an hour.
    assert {moment.hour for moment in moments} <= set(range(7, 19))
    days = Counter(moment.weekday() for moment in moments)
    assert days[5] + days[6] < len(moments) / 5


def test_one_contact_shows_every_rule_of_the_article(
    demo: Session, home: Workspace, contacts: list[Contact]
) -> None:
    greta = next(contact for contact in contacts if contact.last_name == "Vollmer")
    deleted = [contact for contact in contacts if contact.deleted_at]
    assert greta.deleted_at is not None
    assert greta == max(deleted, key=lambda contact: (contact.deleted_at, contact.id)), "the first in the bin"
    assert demo.get_one(Account, greta.account_id).deleted_at is None

    lists = demo.execute(
        select(Subscription.status, MailingList.deleted_at).join(MailingList).filter_by(contact_id=greta.id)
    ).all()
    assert {status for status, gone in lists if gone is None} == {"subscribed", "unsubscribed"}
    tags = demo.scalars(select(Tag.deleted_at).join(ContactTag).filter_by(contact_id=greta.id)).all()
    assert sum(gone is None for gone in tags) > 1
    for gone in [*(gone for _, gone in lists), *tags]:
        assert gone is None or gone > greta.deleted_at, "deleted after her"
    assert [gone for _, gone in lists].count(None) == len(lists) - 1
    assert list(tags).count(None) == len(tags) - 1

    shared, alone = demo.scalars(
        select(Deal).join(DealContact).filter_by(contact_id=greta.id).order_by(Deal.id)
    ).all()
    assert (shared.deleted_at, alone.deleted_at) == (None, greta.deleted_at)
    primary = (
        select(Contact).join(DealContact).where(DealContact.deal_id == shared.id, DealContact.is_primary)
    )
    colleague = demo.scalars(primary).one()
    assert colleague.is_live
    assert colleague.account_id == greta.account_id


def test_an_account_was_deleted_after_some_of_its_contacts(
    demo: Session, home: Workspace, by_account: dict[int, list[Contact]]
) -> None:
    gone = demo.scalars(
        select(Account).where(Account.workspace_id == home.id, Account.deleted_at.is_not(None))
    ).one()
    deleted = [contact.deleted_at for contact in by_account[gone.id] if contact.deleted_at]

    assert len(by_account[gone.id]) == 8
    assert len(deleted) > 1
    assert gone.deleted_at is not None
    assert all(moment < gone.deleted_at for moment in deleted)


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("admin@example.com", "Jonas Lindqvist deleted 540 contacts 3 hours ago"),
        ("member@example.com", None),
        ("admin@other.example", None),
    ],
)
def test_the_first_sign_in_opens_a_page_that_says_what_to_do(
    demo: Session, empty_app: Flask, email: str, told: str | None
) -> None:
    landed = Browser(empty_app).sign_in(email)

    assert landed.path == "/contacts"
    if told is None:
        assert not landed.all("#large-deletion")
    else:
        assert landed.words("#large-deletion").startswith(told)


def test_every_demo_user_is_a_person(demo: Session) -> None:
    assert all(" " in user.name for user in demo.scalars(select(User)))
    assert demo.scalar(select(func.count()).select_from(User)) == 5
