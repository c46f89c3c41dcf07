"""What users and the worker do with automations and campaigns, without pages and queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, class_mapper

from tests.factories.people import World
from webapp.clock import read_clock
from webapp.database import lock_workspace
from webapp.marketing.automations import advance
from webapp.marketing.consent import address_hash
from webapp.marketing.lists import change_status, subscribe
from webapp.marketing.messages import deliver
from webapp.marketing.refusals import Refused, bounce, complain, unsubscribe
from webapp.marketing.tags import add_tag, remove_tag
from webapp.models import Automation, AutomationRun, Campaign, CampaignSend, Contact, MailingList, Tag
from webapp.models.automation import Trigger
from webapp.models.mailing_list import SubscriptionStatus


@dataclass
class Marketing:
    session: Session
    world: World

    def now(self) -> datetime:
        return read_clock(self.session)

    def automation(self, on: MailingList | Tag, *steps: dict[str, Any], is_active: bool = True) -> Automation:
        """An automation that a list or a tag triggers."""
        is_list = isinstance(on, MailingList)
        row = Automation(
            workspace_id=self.world.id,
            name=f"On {on.name}",
            trigger=Trigger.SUBSCRIBED if is_list else Trigger.TAG_ADDED,
            list_id=on.id if is_list else None,
            tag_id=None if is_list else on.id,
            steps=list(steps),
            is_active=is_active,
        )
        self.session.add(row)
        self.session.flush()
        return row

    def campaign(self, mailing_list: MailingList | None, name: str = "Spring") -> Campaign:
        row = Campaign(
            workspace_id=self.world.id, name=name, list_id=mailing_list.id if mailing_list else None
        )
        self.session.add(row)
        self.session.flush()
        return row

    def subscribe(
        self, mailing_list: MailingList, *contacts: Contact, at: datetime | None = None
    ) -> list[int]:
        return subscribe(
            self.session,
            workspace_id=self.world.id,
            contact_ids=[contact.id for contact in contacts],
            list_id=mailing_list.id,
            now=at or self.now(),
        )

    def set_status(
        self,
        contact: Contact,
        mailing_list: MailingList,
        status: SubscriptionStatus,
        *,
        at: datetime | None = None,
    ) -> bool:
        return change_status(
            self.session,
            workspace_id=self.world.id,
            contact_id=contact.id,
            list_id=mailing_list.id,
            status=status,
            now=at or self.now(),
        )

    def refused(self, contact: Contact) -> Refused:
        """Whose refusal it is that comes from the contact's address."""
        return Refused(self.world.id, address_hash(contact.email_key or ""), contact.id)

    def unsubscribe(self, contact: Contact, mailing_list: MailingList | None) -> bool:
        list_id = mailing_list.id if mailing_list else None
        return unsubscribe(self.session, self.refused(contact), list_id=list_id, now=self.now())

    def bounce(self, contact: Contact, mailing_list: MailingList) -> bool:
        return bounce(self.session, self.refused(contact), list_id=mailing_list.id, now=self.now())

    def complain(self, contact: Contact) -> bool:
        return complain(self.session, self.refused(contact), now=self.now())

    def tag(self, tag: Tag, *contacts: Contact, at: datetime | None = None) -> list[int]:
        ids = [contact.id for contact in contacts]
        return add_tag(
            self.session, workspace_id=self.world.id, contact_ids=ids, tag_id=tag.id, now=at or self.now()
        )

    def untag(self, tag: Tag, *contacts: Contact) -> list[int]:
        ids = [contact.id for contact in contacts]
        return remove_tag(
            self.session, workspace_id=self.world.id, contact_ids=ids, tag_id=tag.id, now=self.now()
        )

    def work(self, *, at: datetime | None = None, limit: int = 1000) -> int:
        """Do all work that is due at `at`; returns how much that was."""
        total = 0
        for _ in range(100):
            lock_workspace(self.session, self.world.id)
            now = at or self.now()
            done = advance(self.session, self.world.id, now=now, limit=limit)
            done += deliver(self.session, self.world.id, now=now, limit=limit)
            if not done:
                return total
            total += done
        raise AssertionError("the work never ends")

    def runs(self) -> list[tuple[int, str, int]]:
        """Each run: whose, in which state, before which step."""
        rows = self.session.execute(
            select(AutomationRun.contact_id, AutomationRun.state, AutomationRun.step)
            .where(AutomationRun.workspace_id == self.world.id)
            .order_by(AutomationRun.id)
        )
        return [(contact_id, state, step) for contact_id, state, step in rows]

    def sends(self) -> list[tuple[int | None, str]]:
        """Each message: to whom, in which state."""
        rows = self.session.execute(
            select(CampaignSend.contact_id, CampaignSend.state)
            .where(CampaignSend.workspace_id == self.world.id)
            .order_by(CampaignSend.id)
        )
        return [(contact_id, state) for contact_id, state in rows]

    def everything(self) -> list[dict[str, Any]]:
        """Every run and every message of the workspace, with all columns."""
        return [
            {column.key: getattr(row, column.key) for column in class_mapper(model).column_attrs}
            for model in (AutomationRun, CampaignSend)
            for row in self.session.scalars(
                select(model)
                .where(model.workspace_id == self.world.id)
                .order_by(model.id)
                .execution_options(populate_existing=True)
            )
        ]
