"""Deleted contacts that have a row in every table, and the purge of a workspace, for tests."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_contact,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
    unique_address,
)
from tests.factories.people import World
from tests.support.marketing import Marketing
from webapp.clock import read_clock
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.marketing.consent import address_hash
from webapp.models import (
    AutomationRun,
    CampaignSend,
    Contact,
    ContactNote,
    Deal,
    MailingList,
    Suppression,
    Tag,
)
from webapp.models.automation import RunState
from webapp.models.campaign import SendState
from webapp.models.suppression import SuppressionReason
from webapp.purging.work import start
from webapp.worker.kinds import KINDS
from webapp.worker.redis_lock import RedisLock

LONG_AGO = timedelta(days=32)


@dataclass
class Belongings:
    """What contacts of these tests share."""

    session: Session
    world: World

    def __post_init__(self) -> None:
        self.mailing_list: MailingList = new_list(self.session, self.world)
        self.tag: Tag = new_tag(self.session, self.world)
        marketing = Marketing(self.session, self.world)
        self.campaign = marketing.campaign(self.mailing_list)
        self.automation = marketing.automation(self.tag, is_active=False)

    def full_contact(self, first_name: str = "Ann", *, email: str | None = None) -> tuple[Contact, Deal]:
        """A live contact with a row in every table that knows contacts, alone on a deal."""
        session, world = self.session, self.world
        contact = new_contact(session, world, first_name, email=email or unique_address())
        subscribe(session, contact, self.mailing_list, "subscribed")
        put_tag(session, contact, self.tag)
        deal = new_deal(session, world, contact)
        now = read_clock(session)
        session.add(ContactNote(contact_id=contact.id, created_at=now, text="Likes tea"))
        run = AutomationRun(
            workspace_id=world.id,
            automation_id=self.automation.id,
            contact_id=contact.id,
            state=RunState.DONE,
            due_at=now,
            created_at=now,
        )
        session.add(run)
        session.flush()
        session.add_all(
            [
                CampaignSend(
                    workspace_id=world.id,
                    campaign_id=self.campaign.id,
                    contact_id=contact.id,
                    automation_run_id=run.id,
                    state=SendState.SENT,
                    due_at=now,
                    created_at=now,
                    sent_at=now,
                ),
                Suppression(
                    workspace_id=world.id,
                    address_hash=address_hash(contact.email_key or ""),
                    contact_id=contact.id,
                    reason=SuppressionReason.COMPLAINT,
                    at=now,
                ),
            ]
        )
        session.flush()
        return contact, deal

    def deleted(self, first_name: str = "Ann", *, ago: timedelta = LONG_AGO) -> Contact:
        """The same, deleted."""
        contact, _ = self.full_contact(first_name)
        delete(self.session, self.world, contact, ago=ago)
        return contact


def purge(session: Session, lock: RedisLock, world: World, *, batch_size: int = 1000) -> str:
    """Start a purge of the workspace and carry it out; returns how it ended."""
    return carry_out_purge(session, lock, start_purge(session, lock, world), batch_size=batch_size)


def start_purge(session: Session, lock: RedisLock, world: World) -> int:
    session.commit()
    now = read_clock(session)
    job = start(session, lock, lambda *_: None, workspace_id=world.id, key=str(uuid.uuid4()), now=now)
    return job.id


def carry_out_purge(session: Session, lock: RedisLock, job_id: int, *, batch_size: int = 1000) -> str:
    session.commit()
    return carry_out(session, lock, KINDS, job_id, settings=BatchSettings(30, batch_size))
