"""Automations and campaigns: a change triggers them, a deletion ends what is pending, and nothing else
changes them. So "restoring contacts will not trigger any automations to run or campaigns to send" needs no
code here.

A person changes a campaign or an automation in the version that it was shown in; each change makes a new one.
What is refused has a code, and nothing changes.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.model.suppressions import Suppressions
from tests.model.things import SUBSCRIBED, Contact, Thing, Told

QUEUED, WAITING, DONE, ENDED = "queued", "waiting", "done", "ended"
PENDING, SENT = "pending", "sent"


@dataclass(eq=False, repr=False)
class Written(Told):
    """What a person has written: a campaign or an automation."""

    version: int = field(default=1, kw_only=True)
    deleted: bool = field(default=False, kw_only=True)

    def refusal(self, version: int) -> str | None:
        """Why it cannot be changed by a person who was shown this version."""
        if self.deleted:
            return "gone"
        return None if version == self.version else "changed"


@dataclass(eq=False, repr=False)
class Campaign(Written):
    """A text for a list; that of an automation's step belongs to the `automation`."""

    mailing_list: Thing | None
    automation: "Automation | None" = None
    is_sent: bool = False

    def __repr__(self) -> str:
        return f"<campaign to {self.mailing_list}{', sent' if self.is_sent else ''}>"


Step = tuple[str, Thing | Campaign | timedelta]


@dataclass(eq=False, repr=False)
class Automation(Written):
    waits_for: Thing
    steps: tuple[Step, ...] = ()
    is_active: bool = True

    def __repr__(self) -> str:
        return f"<automation for {self.waits_for}, {len(self.steps)} steps>"


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
    # None once the contact has vanished: the campaign still counts the message.
    contact: Contact | None
    run: Run | None
    state: str = PENDING


@dataclass
class Marketing:
    automations: list[Automation] = field(default_factory=list)
    # Those that people send; the texts of automations are not among them.
    campaigns: list[Campaign] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    suppressions: Suppressions = field(default_factory=Suppressions)

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
        return self.suppressions.hold_for(contact.address, mailing_list)

    def mailable(self, contacts: Iterable[Contact]) -> set[tuple[Contact, Thing]]:
        """Each of these contacts with the lists for which it is mailable, or would be if it lived."""
        return {(c, each) for c in contacts for each in c.lists if self.is_mailable(c, each)}

    def may_send(self, campaign: Campaign, contact: Contact) -> bool:
        return (
            contact.is_live
            and not campaign.deleted
            and campaign.mailing_list is not None
            and self.is_mailable(contact, campaign.mailing_list)
        )

    def wake(self, contact: Contact, thing: Thing, now: datetime) -> None:
        """Automations that are paused wake nothing."""
        self.runs += [
            Run(each, contact, now) for each in self.automations if each.waits_for is thing and each.is_active
        ]

    def due(self, now: datetime) -> list[Run]:
        """The runs of a paused automation wait until it is started again."""
        return [run for run in self.runs if run.is_pending and run.due <= now and run.automation.is_active]

    def send(self, campaign: Campaign, contacts: Iterable[Contact]) -> int:
        """No contact gets a campaign that is sent by hand twice, not even after a deletion and a restore.
        Returns how many get it now."""
        had = [m.contact for m in self.messages if m.campaign is campaign and m.run is None]
        return self.write_to([contact for contact in contacts if contact not in had], campaign, None)

    def write_to(self, contacts: Iterable[Contact], campaign: Campaign, run: Run | None) -> int:
        new = [Message(campaign, c, run) for c in contacts if self.may_send(campaign, c)]
        self.messages += new
        return len(new)

    def is_sending_to(self, mailing_list: Thing) -> bool:
        return any(m.state == PENDING and m.campaign.mailing_list is mailing_list for m in self.messages)

    def deliver(self) -> None:
        for message in self.messages:
            if message.state == PENDING:
                may = message.contact is not None and self.may_send(message.campaign, message.contact)
                message.state = SENT if may else ENDED

    def forget(self, contacts: Collection[Contact]) -> None:
        """The contacts vanish: their runs go, and their messages name them no longer."""
        self.runs = [run for run in self.runs if run.contact not in contacts]
        for message in self.messages:
            if message.contact in contacts:
                message.contact = message.run = None

    def end(self, contact: Contact) -> int:
        """The contact is deleted: its pending runs and messages end for good. Returns how many."""
        pending: list[Run | Message] = [run for run in self.runs if run.is_pending]
        pending += [message for message in self.messages if message.state == PENDING]
        ending = [each for each in pending if each.contact is contact]
        for each in ending:
            each.state = ENDED
        return len(ending)
