"""The automations and campaigns of the demo, with runs and messages.

Everything pending is due in a day or later, so that a demo sends nothing by itself. A deletion of the story
ends the pending runs and messages of its contacts.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.database import execute_update
from webapp.demo.catalogue import CUSTOMER, NEWSLETTER, PRICES, TASTING_GUEST, TASTINGS, Catalogue
from webapp.demo.deals import Member
from webapp.models import WINDOW, Automation, AutomationRun, Campaign, CampaignSend
from webapp.models.automation import RunState, Trigger
from webapp.models.campaign import MessageKind, SendState
from webapp.models.mailing_list import SubscriptionStatus

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# No run of the demo is due sooner than this.
EARLIEST_DUE = 26 * HOUR
TO_STORY, TO_FIRST_ORDER, TO_THANKS = 120, 168, 24
MOST_ON_THEIR_WAY = 60


def add_marketing(
    session: Session, workspace_id: int, catalogue: Catalogue, added: Sequence[Member], now: datetime
) -> None:
    """Add automations and campaigns if there are none, with runs for some of these contacts."""
    if session.scalar(select(Automation.id).where(Automation.workspace_id == workspace_id).limit(1)):
        return
    marketing = _Marketing(session, workspace_id, catalogue, now)
    old = [member for member in added if member.contact.created_at < now - WINDOW]
    marketing.welcome(added)
    marketing.thank_for_the_first_order(old)
    marketing.send_to_lists(old)


class _Marketing:
    def __init__(self, session: Session, workspace_id: int, catalogue: Catalogue, now: datetime) -> None:
        self._session = session
        self._workspace_id = workspace_id
        self._lists = catalogue.lists
        self._tags = catalogue.tags
        self._now = now
        self._hello = self._campaign("Welcome", "Good to have you with us", NEWSLETTER)
        self._story = self._campaign("Where we buy", "The people behind our olive oil", NEWSLETTER)
        self._order = self._campaign("After the first order", "Was everything as it should be?", NEWSLETTER)
        self._thanks = self._campaign("Thank you for tasting", "What was on the table, with prices", TASTINGS)
        self._welcome = self._automation(
            "Welcome series",
            [
                {"do": "send", "campaign": self._hello.id},
                {"do": "wait", "hours": TO_STORY},
                {"do": "send", "campaign": self._story.id},
            ],
            list_id=self._lists[NEWSLETTER],
        )
        self._first_order = self._automation(
            "After the first order",
            [
                {"do": "wait", "hours": TO_FIRST_ORDER},
                {"do": "send", "campaign": self._order.id},
                {"do": "subscribe", "list": self._lists[PRICES]},
            ],
            tag_id=self._tags[CUSTOMER],
        )
        self._automation(
            "Tasting follow-up",
            [
                {"do": "wait", "hours": TO_THANKS},
                {"do": "send", "campaign": self._thanks.id},
                {"do": "add_tag", "tag": self._tags["Wine"]},
            ],
            tag_id=self._tags[TASTING_GUEST],
        )

    def _campaign(
        self, name: str, subject: str, list_name: str, *, sent_at: datetime | None = None
    ) -> Campaign:
        campaign = Campaign(
            workspace_id=self._workspace_id,
            name=name,
            subject=subject,
            body=f"Hello {{first_name}},\n\n{subject}. More about it in our shop, and from us by telephone.",
            list_id=self._lists[list_name],
            created_at=self._now - WINDOW,
            sent_at=sent_at,
        )
        self._session.add(campaign)
        self._session.flush()
        return campaign

    def _automation(
        self,
        name: str,
        steps: list[dict[str, object]],
        *,
        list_id: int | None = None,
        tag_id: int | None = None,
    ) -> Automation:
        automation = Automation(
            workspace_id=self._workspace_id,
            name=name,
            trigger=Trigger.TAG_ADDED if tag_id else Trigger.SUBSCRIBED,
            list_id=list_id,
            tag_id=tag_id,
            steps=steps,
            created_at=self._now - WINDOW,
        )
        self._session.add(automation)
        self._session.flush()
        texts = Campaign.id.in_([step["campaign"] for step in steps if "campaign" in step])
        execute_update(self._session, update(Campaign).where(texts).values(automation_id=automation.id))
        return automation

    def carries(self, member: Member, tag: str) -> bool:
        return member.contact.email is not None and self._tags[tag] in member.contact.tags

    def _subscribers(self, members: Sequence[Member], name: str) -> Iterator[Member]:
        on_it = (self._lists[name], SubscriptionStatus.SUBSCRIBED)
        return (member for member in members if on_it in member.contact.lists)

    def welcome(self, added: Sequence[Member]) -> None:
        """The newest subscribers wait for the second message; earlier ones have received both."""
        newest = sorted(self._subscribers(added, NEWSLETTER), key=lambda member: member.contact.created_at)
        for member in newest[-MOST_ON_THEIR_WAY:]:
            begun = member.contact.created_at
            due = begun + TO_STORY * HOUR
            if due > self._now + EARLIEST_DUE:
                run = self._run(self._welcome, member, begun, due, step=2)
                self._sent(self._hello, member, begun, run)
            elif due < self._now:
                run = self._run(self._welcome, member, begun, due, step=3, is_done=True)
                self._sent(self._hello, member, begun, run)
                self._sent(self._story, member, due, run)

    def thank_for_the_first_order(self, members: Sequence[Member]) -> None:
        """Every second mailable customer has ordered in the last days, the others earlier."""
        readers = self._subscribers(members, NEWSLETTER)
        customers = [member for member in readers if self.carries(member, CUSTOMER)]
        for place, member in enumerate(_spread(customers)):
            if place % 2:
                begun = self._now - (12 + 2 * place) * HOUR
                self._run(self._first_order, member, begun, begun + TO_FIRST_ORDER * HOUR, step=1)
            else:
                begun = member.contact.created_at + DAY
                due = begun + TO_FIRST_ORDER * HOUR
                run = self._run(self._first_order, member, begun, due, step=3, is_done=True)
                self._sent(self._order, member, due, run)

    def send_to_lists(self, members: Sequence[Member]) -> None:
        """A newsletter that was sent, and an invitation that is due in a few days."""
        went_out, goes_out = self._now - 9 * DAY, self._now + 3 * DAY
        newsletter = self._campaign(
            f"Newsletter, {went_out:%B}", "New on our shelves", NEWSLETTER, sent_at=went_out
        )
        for member in _spread(list(self._subscribers(members, NEWSLETTER))):
            self._sent(newsletter, member, went_out)
        invitation = self._campaign(
            "Tasting invitation", "Come and taste with us", TASTINGS, sent_at=self._now - DAY
        )
        for member in _spread(list(self._subscribers(members, TASTINGS))):
            self._session.add(
                CampaignSend(
                    workspace_id=self._workspace_id,
                    campaign_id=invitation.id,
                    contact_id=member.id,
                    state=SendState.PENDING,
                    due_at=goes_out,
                    created_at=self._now - DAY,
                )
            )
        self._session.flush()

    def _run(
        self,
        automation: Automation,
        member: Member,
        begun: datetime,
        due: datetime,
        *,
        step: int,
        is_done: bool = False,
    ) -> AutomationRun:
        run = AutomationRun(
            workspace_id=self._workspace_id,
            automation_id=automation.id,
            contact_id=member.id,
            state=RunState.DONE if is_done else RunState.WAITING,
            step=step,
            due_at=due,
            created_at=begun,
            ended_at=due if is_done else None,
        )
        self._session.add(run)
        self._session.flush()
        return run

    def _sent(
        self, campaign: Campaign, member: Member, at: datetime, run: AutomationRun | None = None
    ) -> None:
        self._session.add(
            CampaignSend(
                workspace_id=self._workspace_id,
                campaign_id=campaign.id,
                contact_id=member.id,
                automation_run_id=run.id if run else None,
                kind=MessageKind.AUTOMATION if run else MessageKind.CAMPAIGN,
                # No demo sends anything by itself.
                transport="outbox",
                state=SendState.SENT,
                due_at=at,
                created_at=at,
                sent_at=at,
            )
        )


def _spread(members: Sequence[Member]) -> Sequence[Member]:
    """An evenly spread part of them, because the story deletes contacts from some parts of the load."""
    return members[:: len(members) // MOST_ON_THEIR_WAY + 1]
