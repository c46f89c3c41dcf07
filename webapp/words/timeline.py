"""What has happened to a contact, in words."""

from collections.abc import Callable, Mapping

from webapp.contacts.timeline import Event, What
from webapp.models.automation import RunState
from webapp.models.campaign import MessageKind
from webapp.models.contact_note import NoteKind
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.restore_outcome import Reason
from webapp.words.audit import THE_SYSTEM
from webapp.words.isolation import isolated
from webapp.words.told import Told

LISTED: Mapping[str, str] = {
    SubscriptionStatus.SUBSCRIBED: "Subscribed to",
    SubscriptionStatus.UNSUBSCRIBED: "Unsubscribed from",
    SubscriptionStatus.UNCONFIRMED: "Unconfirmed on",
    SubscriptionStatus.BOUNCED: "Bounced on",
}
RUNS: Mapping[str, str] = {
    RunState.QUEUED: "under way",
    RunState.RUNNING: "under way",
    RunState.WAITING: "waiting",
    RunState.DONE: "done",
    RunState.ENDED: "ended early",
}
ICONS: Mapping[What, str] = {
    What.CREATED: "contacts",
    What.LISTED: "list",
    What.TAGGED: "tag",
    What.ON_DEAL: "check-circle",
    What.AUTOMATION: "clock",
    What.MESSAGE: "mail",
    What.NOTE: "info",
    What.DELETED: "trash",
    What.RESTORED: "restore",
    What.MERGED: "restore",
}


def tell(event: Event) -> Told:
    """What happened, as a sentence; its link leads to the event's job."""
    return TELLERS[event.what](event)


def icon(event: Event) -> str:
    """The icon that supports the sentence."""
    return ICONS[event.what]


def _quoted(event: Event) -> str:
    return f" “{isolated(event.name)}”" if event.name else ""


def _who(event: Event) -> str:
    return isolated(event.who or THE_SYSTEM)


def _run(event: Event) -> Told:
    state = RUNS.get(event.detail or "", event.detail or "")
    return Told(f"Automation{_quoted(event)} began: {state}")


def _message(event: Event) -> Told:
    if event.detail == MessageKind.CONFIRMATION:
        return Told("Was asked to confirm a subscription")
    return Told(f"Was sent the message{_quoted(event)}" if event.name else "Was sent a message")


def _note(event: Event) -> Told:
    if event.detail == NoteKind.FORMER_ADDRESS:
        return Told("Came back without its e-mail address")
    return Told(f"{_who(event)} wrote a note")


def _restored(event: Event) -> Told:
    how = " without its e-mail address" if event.detail == Reason.WITHOUT_ADDRESS else ""
    return Told(f"Restored{how} by {_who(event)} (", f"Restore #{event.job_number}", ")")


def _merged(event: Event) -> Told:
    return Told(
        f"A deleted contact with this address was merged into this one by {_who(event)} (",
        f"Restore #{event.job_number}",
        ")",
    )


TELLERS: Mapping[What, Callable[[Event], Told]] = {
    What.CREATED: lambda _: Told("Created"),
    What.LISTED: lambda event: Told(f"{LISTED.get(event.detail or '', 'Put on')}{_quoted(event)}"),
    What.TAGGED: lambda event: Told(f"Tagged{_quoted(event)}"),
    What.ON_DEAL: lambda event: Told(f"Added to the deal{_quoted(event)}"),
    What.AUTOMATION: _run,
    What.MESSAGE: _message,
    What.NOTE: _note,
    What.DELETED: lambda event: Told(f"Deleted by {_who(event)}"),
    What.RESTORED: _restored,
    What.MERGED: _merged,
}
