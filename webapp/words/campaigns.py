"""Campaigns and automations in words."""

from collections.abc import Mapping
from typing import Any

from webapp.marketing import building, drafting
from webapp.models import Automation, AutomationRun, Campaign
from webapp.models.automation import RunState, Trigger
from webapp.words.isolation import isolated
from webapp.words.numbers import counted, number

# Why a change was refused, by the code of NotWritten.
REFUSALS = {
    drafting.GONE: "It has been deleted.",
    drafting.CHANGED: "Another person has changed it since you opened it. Look at it again.",
    drafting.ALREADY_SENT: "It has been sent already. A sent campaign does not change, and is sent once.",
    drafting.INCOMPLETE: "It needs a subject, a text and a list.",
    drafting.NO_RECIPIENT: "No contact of its list may be written to: they are not Subscribed, or their "
    "addresses are suppressed.",
    building.RUNNING: "Contacts are in this automation now. End their runs first, or wait until they have "
    "finished.",
    building.WAKES_ITSELF: "This step would wake the automation itself. Choose another list or tag.",
    building.NO_TARGET: "This list or tag is not here any more. Choose another one.",
    building.TOO_MANY: f"An automation has at most {building.MOST_STEPS} steps.",
    building.NO_STEPS: "Add a step first.",
    building.NO_STEP: "This step is not here any more.",
}
A_DELETED = {"list": "a deleted list", "tag": "a deleted tag", "campaign": "a deleted message"}
RUN_STATES = {
    RunState.QUEUED: "Next step soon",
    RunState.WAITING: "Waiting",
    RunState.RUNNING: "Running",
    RunState.DONE: "Finished",
    RunState.ENDED: "Ended",
}
ENDED_WHY = {
    "contact_deleted": "the contact was deleted",
    "automation_deleted": "the automation was deleted",
    "ended_by_hand": "by a user",
    "unreadable_step": "a step cannot be carried out",
    "undone": "its restore was undone",
}


def refusal(code: str) -> str:
    """Why nothing was changed."""
    return f"{REFUSALS[code]} Nothing was changed."


def trigger_words(automation: Automation, list_name: str | None, tag_name: str | None) -> str:
    """What it waits for: "When a contact is subscribed to the list “News”"."""
    if automation.trigger == Trigger.SUBSCRIBED:
        name = f"the list “{isolated(list_name)}”" if list_name else "a deleted list"
        return f"When a contact is subscribed to {name}"
    name = f"the tag “{isolated(tag_name)}”" if tag_name else "a deleted tag"
    return f"When a contact gets {name}"


def step_words(step: Mapping[str, Any], named: Mapping[tuple[str, int | None], Any]) -> str:
    """What a step does: "Wait 2 days"."""
    match step.get("do"):
        case "wait":
            hours = step.get("hours")
            if not isinstance(hours, int | float):
                return "A step that this version does not know"
            whole_days = hours >= 24 and hours % 24 == 0
            return f"Wait {counted(int(hours // 24), 'day') if whole_days else counted(int(hours), 'hour')}"
        case "add_tag":
            return f"Add {_named(named, 'tag', step)}"
        case "subscribe":
            return f"Subscribe to {_named(named, 'list', step)}"
        case "send":
            text: Campaign | None = named.get(("campaign", step.get("campaign", 0)))
            return f"Send the message “{isolated(text.subject)}”" if text else f"Send {A_DELETED['campaign']}"
    return "A step that this version does not know"


def amount_words(count: int, most: int, noun: str = "") -> str:
    """A number that was counted up to `most` + 1: "over 10,000 messages"."""
    shown = min(count, most)
    words = counted(shown, noun) if noun else number(shown)
    return words if count <= most else f"over {words}"


def run_words(run: AutomationRun) -> str:
    """The state of a run, and why it has ended."""
    words = RUN_STATES[RunState(run.state)]
    why = ENDED_WHY.get(run.ended_why or "")
    return f"{words}: {why}" if why else words


def cause_words(automation: Automation, cause: str | None) -> str:
    """What has woken a run."""
    change = "Subscribed" if automation.trigger == Trigger.SUBSCRIBED else "Got the tag"
    return f"{change} by the automation “{isolated(cause)}”" if cause else change


def _named(named: Mapping[tuple[str, int | None], Any], field: str, step: Mapping[str, Any]) -> str:
    name = named.get((field, step.get(field, 0)))
    return f"the {field} “{isolated(name)}”" if name else A_DELETED[field]
