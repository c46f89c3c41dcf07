"""Automations and campaigns: a change triggers them, a deletion ends what is pending, and nothing else
changes them. So "restoring contacts will not trigger any automations to run or campaigns to send" needs no
code here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.model.things import SUBSCRIBED, Contact, Thing

QUEUED, WAITING, DONE, ENDED = "queued", "waiting", "done", "ended"
PENDING, SENT = "pending", "sent"


@dataclass(eq=False, repr=False)
class Campaign:
    mailing_list: Thing

    def may_write_to(self, contact: Contact) -> bool:
        return (
            contact.is_live
            and contact.address is not None
            and not self.mailing_list.deleted
            and contact.lists.get(self.mailing_list) == SUBSCRIBED
        )


Step = tuple[str, Thing | Campaign | timedelta]


@dataclass(eq=False, repr=False)
class Automation:
    waits_for: Thing
    steps: tuple[Step, ...]


@dataclass(eq=False, repr=False)
class Run:
    automation: Automation
    contact: Contact
    due: datetime
    state: str = QUEUED
    place: int = 0

    @property
    def is_pending(self) -> bool:
        return self.state in (QUEUED, WAITING)

    def next_step(self) -> Step | None:
        """The step to do now. After the last one the run is done; a wait as the last step still lasts its
        time."""
        self.place += 1
        if self.place >= len(self.automation.steps):
            self.state = DONE
        return self.automation.steps[self.place - 1] if self.place <= len(self.automation.steps) else None

    def wait(self, until: datetime) -> None:
        self.state, self.due = WAITING, until


@dataclass(eq=False, repr=False)
class Message:
    campaign: Campaign
    contact: Contact
    run: Run | None
    state: str = PENDING


@dataclass
class Marketing:
    automations: list[Automation] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def wake(self, contact: Contact, thing: Thing, now: datetime) -> None:
        self.runs += [Run(a, contact, now) for a in self.automations if a.waits_for is thing]

    def due(self, now: datetime) -> list[Run]:
        return [run for run in self.runs if run.is_pending and run.due <= now]

    def send(self, campaign: Campaign, contacts: Iterable[Contact]) -> None:
        """No contact gets a campaign that is sent by hand twice, not even after a deletion and a restore."""
        had = [m.contact for m in self.messages if m.campaign is campaign and m.run is None]
        self.write_to([contact for contact in contacts if contact not in had], campaign, None)

    def write_to(self, contacts: Iterable[Contact], campaign: Campaign, run: Run | None) -> None:
        self.messages += [Message(campaign, c, run) for c in contacts if campaign.may_write_to(c)]

    def deliver(self) -> None:
        for message in self.messages:
            if message.state == PENDING:
                message.state = SENT if message.campaign.may_write_to(message.contact) else ENDED

    def end(self, contact: Contact) -> None:
        """The contact is deleted: its pending runs and messages end for good."""
        for run in self.runs:
            if run.contact is contact and run.is_pending:
                run.state = ENDED
        for message in self.messages:
            if message.contact is contact and message.state == PENDING:
                message.state = ENDED
