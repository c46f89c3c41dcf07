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
    # Addresses that may not be written to, each for one list or, with None, for all.
    suppressed: set[tuple[str, Thing | None]] = field(default_factory=set)

    def is_mailable(self, contact: Contact, mailing_list: Thing) -> bool:
        """Whether the contact, if it is live, may be written to for the list."""
        return (
            contact.address is not None
            and not mailing_list.deleted
            and contact.lists.get(mailing_list) == SUBSCRIBED
            and not self.is_suppressed(contact, mailing_list)
        )

    def is_suppressed(self, contact: Contact, mailing_list: Thing) -> bool:
        """Whether the contact's address may not be written to for the list, whatever its status."""
        address = contact.address
        return address is not None and not self.suppressed.isdisjoint(
            ((address, None), (address, mailing_list))
        )

    def may_send(self, campaign: Campaign, contact: Contact) -> bool:
        return contact.is_live and self.is_mailable(contact, campaign.mailing_list)

    def wake(self, contact: Contact, thing: Thing, now: datetime) -> None:
        self.runs += [Run(a, contact, now) for a in self.automations if a.waits_for is thing]

    def due(self, now: datetime) -> list[Run]:
        return [run for run in self.runs if run.is_pending and run.due <= now]

    def send(self, campaign: Campaign, contacts: Iterable[Contact]) -> None:
        """No contact gets a campaign that is sent by hand twice, not even after a deletion and a restore."""
        had = [m.contact for m in self.messages if m.campaign is campaign and m.run is None]
        self.write_to([contact for contact in contacts if contact not in had], campaign, None)

    def write_to(self, contacts: Iterable[Contact], campaign: Campaign, run: Run | None) -> None:
        self.messages += [Message(campaign, c, run) for c in contacts if self.may_send(campaign, c)]

    def is_sending_to(self, mailing_list: Thing) -> bool:
        return any(
            message.state == PENDING and message.campaign.mailing_list is mailing_list
            for message in self.messages
        )

    def deliver(self) -> None:
        for message in self.messages:
            if message.state == PENDING:
                message.state = SENT if self.may_send(message.campaign, message.contact) else ENDED

    def end(self, contact: Contact) -> int:
        """The contact is deleted: its pending runs and messages end for good. Returns how many."""
        pending: list[Run | Message] = [run for run in self.runs if run.is_pending]
        pending += [message for message in self.messages if message.state == PENDING]
        ending = [each for each in pending if each.contact is contact]
        for each in ending:
            each.state = ENDED
        return len(ending)
