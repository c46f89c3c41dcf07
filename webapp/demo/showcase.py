"""Greta Vollmer: one contact with every association, so that her restore shows each of the article's rules.

A restore brings back her e-mail lists with their two statuses, except the list deleted after her; her tags
except one; and her account. She is again on the deal that she shared with a colleague, but no longer as
Primary Contact. The deal that only she was on stays deleted. Her automation run has ended.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.catalogue.stages import STAGES
from webapp.contacts.load import NewContact, add_contacts
from webapp.demo.catalogue import (
    CUSTOMER,
    FAIR_TAG,
    GONE_LIST,
    GONE_TAG,
    KEY_ACCOUNT,
    NEWSLETTER,
    OFFERS,
    Catalogue,
)
from webapp.demo.countries import GERMANY
from webapp.demo.deals import Member, deal_of, insert_deals
from webapp.demo.people import Addresses
from webapp.models import Automation, AutomationRun
from webapp.models.automation import RunState
from webapp.models.deal import DealStatus
from webapp.models.mailing_list import SubscriptionStatus

FIRST_NAME, LAST_NAME = "Greta", "Vollmer"
AGE = timedelta(days=820)
# Office hours on both sides of the Atlantic.
CREATED_AT = time(15, tzinfo=UTC)


def colleague_among(members: Iterable[Member]) -> Member | None:
    """The first of them whose firm can be Greta's: a customer in her country."""
    return next(
        (m for m in members if m.firm and m.firm.country is GERMANY and m.firm.relation == CUSTOMER), None
    )


def add_showcase(
    session: Session,
    random: Random,
    workspace_id: int,
    catalogue: Catalogue,
    addresses: Addresses,
    colleague: Member | None,
    now: datetime,
) -> None:
    """Add Greta, with a live colleague's firm and a shared deal; without a colleague, alone."""
    created_at = datetime.combine((now - AGE).date(), CREATED_AT)
    firm = colleague.firm if colleague else None
    domain = firm.domain if firm else "postfach.example"
    greta = NewContact(
        created_at=created_at,
        email=addresses.new(domain, f"{FIRST_NAME}.{LAST_NAME}".lower()),
        first_name=FIRST_NAME,
        last_name=LAST_NAME,
        phone=firm.phone if firm else "",
        account_id=colleague.contact.account_id if colleague else None,
        lists=[
            (catalogue.lists[NEWSLETTER], SubscriptionStatus.SUBSCRIBED),
            (catalogue.lists[OFFERS], SubscriptionStatus.UNSUBSCRIBED),
            (catalogue.lists[GONE_LIST], SubscriptionStatus.SUBSCRIBED),
        ],
        tags=[catalogue.tags[name] for name in (CUSTOMER, "Buyer", KEY_ACCOUNT, GONE_TAG, FAIR_TAG)],
    )
    [greta_id] = add_contacts(session, workspace_id, [greta])
    if colleague and firm:
        shared = {**deal_of(random, workspace_id, firm), "stage": STAGES[2], "status": DealStatus.OPEN}
        alone = {**shared, "title": f"Christmas gifts for {firm.name}", "value": Decimal(1450)}
        joined = max(created_at, colleague.contact.created_at) + timedelta(days=3)
        insert_deals(
            session,
            [shared, alone],
            [[(greta_id, joined), (colleague.id, joined + timedelta(hours=2))], [(greta_id, joined)]],
        )
    _add_waiting_run(session, workspace_id, greta_id, catalogue.tags[CUSTOMER], now)


def _add_waiting_run(
    session: Session, workspace_id: int, contact_id: int, tag_id: int, now: datetime
) -> None:
    """Add a run of the automation of her tag, waiting in its first step."""
    automation = session.scalar(
        select(Automation)
        .where(Automation.workspace_id == workspace_id, Automation.tag_id == tag_id)
        .order_by(Automation.id)
        .limit(1)
    )
    if automation is None:
        return
    begun = now - timedelta(days=2)
    session.add(
        AutomationRun(
            workspace_id=workspace_id,
            automation_id=automation.id,
            contact_id=contact_id,
            state=RunState.WAITING,
            step=1,
            due_at=begun + timedelta(hours=automation.steps[0]["hours"]),
            created_at=begun,
        )
    )
    session.flush()
