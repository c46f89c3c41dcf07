"""What hangs on the demo's contacts beside lists and tags: deals, automations, campaigns."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from webapp.contacts.load import NewContact, new_ids
from webapp.demo import names
from webapp.models import (
    WINDOW,
    Automation,
    AutomationRun,
    Campaign,
    CampaignSend,
    Deal,
    DealContact,
    MailingList,
    Tag,
)
from webapp.models.automation import DONE, QUEUED, WAITING
from webapp.models.campaign import PENDING, SENT

Added = Sequence[tuple[int, NewContact]]

CONTACTS_PER_DEAL = 8
SINGLE_SHARE = 0.5
MOST_ON_A_DEAL = 4


def add_deals(session: Session, random: Random, workspace_id: int, added: Added) -> int:
    """Put in deals of these contacts, half of them with one contact only; return how many."""
    deals, places = [], []
    for _ in range(len(added) // CONTACTS_PER_DEAL):
        count = 1 if random.random() < SINGLE_SHARE else random.randint(2, MOST_ON_A_DEAL)
        members = random.sample(added, min(count, len(added)))
        stage, status = random.choice(names.STAGES)
        contact = members[0][1]
        who = contact.last_name or contact.email or "new contact"
        deals.append(
            {
                "workspace_id": workspace_id,
                "title": f"{random.choice(names.DEALS)} for {who}"[:160],
                "value": Decimal(random.randrange(5, 900) * 100),
                "currency": random.choice(names.CURRENCIES),
                "stage": stage,
                "status": status,
            }
        )
        # Soon after each contact came, so that nobody joins a deal after having been deleted.
        places.append(
            [
                (contact_id, contact.created_at + random.random() * timedelta(hours=1))
                for contact_id, contact in members
            ]
        )
    if not deals:
        return 0
    ids = new_ids(session, Deal, len(deals))
    session.execute(insert(Deal), [{"id": deal_id, **deal} for deal_id, deal in zip(ids, deals, strict=True)])
    session.execute(
        insert(DealContact),
        [
            {"deal_id": deal_id, "contact_id": contact_id, "is_primary": place == 0, "attached_at": at}
            for deal_id, members in zip(ids, places, strict=True)
            for place, (contact_id, at) in enumerate(members)
        ],
    )
    return len(deals)


def add_marketing(session: Session, workspace_id: int, added: Added, now: datetime) -> None:
    """Put two automations and a campaign in where there are none, with some of these contacts on their way.

    Whatever waits is due later than anything here happens, so nothing is sent by looking at the demo.
    """
    if session.scalar(select(Automation.id).where(Automation.workspace_id == workspace_id).limit(1)):
        return
    newsletter = session.scalar(
        select(MailingList.id).where(
            MailingList.workspace_id == workspace_id,
            MailingList.name == names.LISTS[0],
            MailingList.deleted_at.is_(None),
        )
    )
    customer = session.scalar(
        select(Tag.id).where(
            Tag.workspace_id == workspace_id, Tag.name == names.TAGS[0], Tag.deleted_at.is_(None)
        )
    )
    campaign = Campaign(
        workspace_id=workspace_id,
        name="Monthly newsletter",
        subject="What is new this month",
        body="Hello! Here is what we have been working on.",
        list_id=newsletter,
    )
    session.add(campaign)
    session.flush()
    steps = [{"do": "wait", "hours": 72}, {"do": "send", "campaign": campaign.id}]
    automations = [
        Automation(
            workspace_id=workspace_id,
            name="Welcome series",
            trigger="subscribed",
            list_id=newsletter,
            steps=steps,
        ),
        Automation(
            workspace_id=workspace_id,
            name="Customer check-in",
            trigger="tag_added",
            tag_id=customer,
            steps=steps,
        ),
    ]
    session.add_all(automations)
    session.flush()
    _start_some(session, workspace_id, added, automations, campaign, now)


def _start_some(
    session: Session,
    workspace_id: int,
    added: Added,
    automations: Sequence[Automation],
    campaign: Campaign,
    now: datetime,
) -> None:
    old = [contact_id for contact_id, contact in added if contact.email and contact.created_at < now - WINDOW]
    begun, due = now - timedelta(days=2), now + timedelta(days=1)
    runs = [
        {
            "workspace_id": workspace_id,
            "automation_id": automations[number % 2].id,
            "contact_id": contact_id,
            "state": state,
            "step": 2 if state == DONE else 0,
            "due_at": begun if state == DONE else due,
            "created_at": begun,
            "ended_at": begun + timedelta(hours=1) if state == DONE else None,
        }
        for number, contact_id in enumerate(old[:60])
        for state in ((WAITING, QUEUED, DONE)[number % 3],)
    ]
    sends = [
        {
            "workspace_id": workspace_id,
            "campaign_id": campaign.id,
            "contact_id": contact_id,
            "state": state,
            "due_at": begun if state == SENT else due,
            "created_at": begun,
            "sent_at": begun if state == SENT else None,
        }
        for number, contact_id in enumerate(old[60:120])
        for state in ((PENDING, SENT)[number % 2],)
    ]
    for kind, rows in ((AutomationRun, runs), (CampaignSend, sends)):
        if rows:
            session.execute(insert(kind), rows)
