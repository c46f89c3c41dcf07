"""The events of the audit log in words: the name of each action, and a sentence about each event."""

from collections.abc import Callable, Mapping

from webapp.audit.log import Entry
from webapp.models.audit_event import VISITORS, Action, JobAct, job_action
from webapp.words import audit_users
from webapp.words.isolation import isolated
from webapp.words.kinds import KIND_WORDS, words_of
from webapp.words.numbers import counted, joined, number
from webapp.words.rights import RIGHTS
from webapp.words.told import Told

THE_SYSTEM = "The system"
A_VISITOR = "Not signed in"

LABELS: Mapping[Action, str] = {
    Action.CONTACTS_DELETED: "Contacts deleted",
    Action.CONTACTS_IMPORTED: "Contacts imported",
    Action.ADDRESS_SHARED: "E-mail address shared",
    Action.LIST_CREATED: "List created",
    Action.TAG_CREATED: "Tag created",
    Action.ACCOUNT_CREATED: "Account created",
    Action.DEAL_CREATED: "Deal created",
    Action.DEAL_EDITED: "Deal edited",
    Action.LIST_RENAMED: "List renamed",
    Action.TAG_RENAMED: "Tag renamed",
    Action.ACCOUNT_RENAMED: "Account renamed",
    Action.LIST_NUMBERED: "List numbered",
    Action.TAG_NUMBERED: "Tag numbered",
    Action.ACCOUNT_NUMBERED: "Account numbered",
    Action.LIST_DELETED: "List deleted",
    Action.TAG_DELETED: "Tag deleted",
    Action.ACCOUNT_DELETED: "Account deleted",
    Action.DEAL_DELETED: "Deal deleted",
    Action.CAMPAIGN_MADE: "Campaign added",
    Action.CAMPAIGN_CHANGED: "Campaign changed",
    Action.CAMPAIGN_SENT: "Campaign sent",
    Action.CAMPAIGN_DELETED: "Campaign deleted",
    Action.AUTOMATION_MADE: "Automation added",
    Action.AUTOMATION_CHANGED: "Automation changed",
    Action.AUTOMATION_STARTED: "Automation started",
    Action.AUTOMATION_PAUSED: "Automation paused",
    Action.AUTOMATION_RUNS_ENDED: "Automation’s runs ended",
    Action.AUTOMATION_DELETED: "Automation deleted",
    Action.STATUS_CHANGED: "Status on a list changed",
    Action.EXPORT_DOWNLOADED: "Export downloaded",
    Action.SETTINGS_CHANGED: "Settings changed",
    Action.RIGHTS_CHANGED: "Rights changed",
    Action.AUDIT_DOWNLOADED: "Audit log downloaded",
    Action.PLAN_DOWNLOADED: "Plan downloaded",
    Action.REJECTED_DOWNLOADED: "Rejected rows downloaded",
    **audit_users.LABELS,
}
JOB_LABELS: Mapping[JobAct, str] = {
    JobAct.REQUESTED: "requested",
    JobAct.LINED_UP: "put in line",
    JobAct.PROMOTED: "began its turn",
    JobAct.CANCEL_REQUESTED: "asked to stop",
    JobAct.DONE: "done",
    JobAct.CANCELLED: "stopped",
    JobAct.FAILED: "failed",
    JobAct.LEASE_LOST: "lost its worker",
}

LOST = {"died": ": the process died", "silent": ": nothing was heard of it"}


def actions() -> dict[str, str]:
    """Each action that this version records, with its name."""
    found = {str(action): label for action, label in LABELS.items()}
    for kind, words in KIND_WORDS.items():
        found |= {job_action(kind, act): f"{words.name} {label}" for act, label in JOB_LABELS.items()}
    return found


def label_of(action: str) -> str:
    """The action's name. An action of a later release, which has been rolled back, is its own name."""
    return actions().get(action, action)


def who(entry: Entry) -> str:
    """Who did it."""
    if entry.user:
        return entry.user.name
    return A_VISITOR if entry.event.action in VISITORS else THE_SYSTEM


def tell(entry: Entry) -> Told:
    """What happened, as a sentence."""
    kind, _, act = entry.event.action.partition(".")
    if entry.table == "restore_job" and act in set(JobAct):
        return _tell_job(entry, kind, JobAct(act))
    if entry.event.action in set(Action):
        return TELLERS[Action(entry.event.action)](entry)
    return Told(label_of(entry.event.action))


def _tell_job(entry: Entry, kind: str, act: JobAct) -> Told:
    words, detail = words_of(kind), entry.event.detail
    title = f"{words.name} #{detail.get('number') or entry.name or entry.subject_id}"
    if act == JobAct.REQUESTED:
        total = detail.get("total")
        return Told("Requested ", title, f" of {counted(total, words.noun)}" if total is not None else "")
    if act == JobAct.LINED_UP:
        return Told("Put in line: ", title)
    if act == JobAct.PROMOTED:
        return Told("", title, " left the line: its turn has come")
    if act == JobAct.CANCEL_REQUESTED:
        return Told("Asked to stop ", title)
    if act == JobAct.LEASE_LOST:
        return Told("", title, f" lost its worker{LOST.get(str(detail.get('why')), '')}")
    verb = {JobAct.DONE: "ended", JobAct.CANCELLED: "was stopped", JobAct.FAILED: "failed"}[act]
    return Told("", title, f" {verb}: {_counts(detail.get('counts') or {}, words.noun)}")


def _counts(counts: Mapping[str, int], noun: str) -> str:
    parts = [f"{number(value)} {code.replace('_', ' ')}" for code, value in counts.items() if value]
    return ", ".join(parts) or f"no {noun} processed"


def _contacts(entry: Entry) -> str:
    return counted(entry.event.detail.get("contacts", 0), "contact")


def _deleted(entry: Entry) -> Told:
    deletion = entry.event.detail.get("number") or entry.name
    if not deletion:
        return Told(f"Deleted {_contacts(entry)}")
    return Told(f"Deleted {_contacts(entry)} (", f"deletion #{deletion}", ")")


def _imported(entry: Entry) -> Told:
    file = f" from “{isolated(entry.private)}”" if entry.private else ""
    return Told(f"Imported {_contacts(entry)}{file}")


def _named(verb: str, noun: str, after: str = "") -> Callable[[Entry], Told]:
    """ "Deleted the list “News” of 12 contacts"; its name is the one that it has now."""

    def told(entry: Entry) -> Told:
        name = f" “{isolated(entry.name)}”" if entry.name else ""
        of = f" of {_contacts(entry)}" if entry.event.detail.get("contacts") else ""
        return Told(f"{verb} the {noun}{name}{of}{after}")

    return told


def _counted(verb: str, noun: str, detail: str, counted_noun: str) -> Callable[[Entry], Told]:
    """ "Sent the campaign “News”: 12 messages"."""

    def told(entry: Entry) -> Told:
        count = entry.event.detail.get(detail)
        after = f": {counted(count, counted_noun)}" if count is not None else ""
        return _named(verb, noun, after)(entry)

    return told


def _settings(entry: Entry) -> Told:
    fields = [SETTINGS.get(name, name) for name in entry.event.detail.get("fields", ())]
    return Told(f"Changed {joined(fields)}" if fields else "Changed the settings")


def _rights(entry: Entry) -> Told:
    group = f"the group “{isolated(entry.name)}”" if entry.name else "a group"
    parts = []
    for verb, code in (("Gave", "given"), ("Took from", "taken")):
        rights = [f"“{RIGHTS_BY_CODE.get(right, right)}”" for right in entry.event.detail.get(code, ())]
        if rights:
            parts.append(f"{verb} {group}: {joined(rights)}")
    return Told(". ".join(parts) or f"Changed the rights of {group}")


SETTINGS = {
    "requires_second_factor": "the second factor: each user must have one",
    "no_second_factor": "the second factor: no user must have one",
    "name": "the account’s name",
    "timezone": "the time zone",
    "date_language": "the language of dates",
    "currency": "the currency of new deals",
    "sender_name": "the sender’s name",
    "sender_email": "the sender’s e-mail address",
    "postal_line": "the postal address",
}
RIGHTS_BY_CODE = {str(right): words for right, words in RIGHTS.items()}


def _status_changed(entry: Entry) -> Told:
    told, status = _named("Changed a contact’s status on", "list")(entry), entry.event.detail.get("status")
    return Told(f"{told.before} to {str(status).capitalize()}") if status else told


def _downloaded(entry: Entry) -> Told:
    export = entry.event.detail.get("number")
    return Told("Downloaded the file of ", f"Export #{export}") if export else Told("Downloaded an export")


def _rejected_downloaded(entry: Entry) -> Told:
    job = f"Import #{entry.name}" if entry.name else "an import"
    return Told(f"Downloaded the rejected rows of {job}")


SAME_NAME = ", which had the name of another"
TELLERS: Mapping[Action, Callable[[Entry], Told]] = {
    Action.CONTACTS_DELETED: _deleted,
    Action.CONTACTS_IMPORTED: _imported,
    Action.ADDRESS_SHARED: lambda _: Told("Found a contact with the e-mail address of another contact"),
    Action.LIST_CREATED: _named("Created", "list"),
    Action.TAG_CREATED: _named("Created", "tag"),
    Action.ACCOUNT_CREATED: _named("Created", "account"),
    Action.DEAL_CREATED: _named("Created", "deal"),
    Action.DEAL_EDITED: _named("Edited", "deal"),
    Action.LIST_RENAMED: _named("Renamed", "list"),
    Action.TAG_RENAMED: _named("Renamed", "tag"),
    Action.ACCOUNT_RENAMED: _named("Renamed", "account"),
    Action.LIST_NUMBERED: _named("Numbered", "list", SAME_NAME),
    Action.TAG_NUMBERED: _named("Numbered", "tag", SAME_NAME),
    Action.ACCOUNT_NUMBERED: _named("Numbered", "account", SAME_NAME),
    Action.LIST_DELETED: _named("Deleted", "list"),
    Action.TAG_DELETED: _named("Deleted", "tag"),
    Action.ACCOUNT_DELETED: _named("Deleted", "account"),
    Action.DEAL_DELETED: _named("Deleted", "deal"),
    Action.CAMPAIGN_MADE: _named("Added", "campaign"),
    Action.CAMPAIGN_CHANGED: _named("Changed", "campaign"),
    Action.CAMPAIGN_SENT: _counted("Sent", "campaign", "messages", "message"),
    Action.CAMPAIGN_DELETED: _named("Deleted", "campaign"),
    Action.AUTOMATION_MADE: _named("Added", "automation"),
    Action.AUTOMATION_CHANGED: _named("Changed", "automation"),
    Action.AUTOMATION_STARTED: _named("Started", "automation"),
    Action.AUTOMATION_PAUSED: _named("Paused", "automation"),
    Action.AUTOMATION_RUNS_ENDED: _counted("Ended the runs of", "automation", "runs", "run"),
    Action.AUTOMATION_DELETED: _named("Deleted", "automation"),
    Action.STATUS_CHANGED: _status_changed,
    Action.EXPORT_DOWNLOADED: _downloaded,
    Action.SETTINGS_CHANGED: _settings,
    Action.RIGHTS_CHANGED: _rights,
    Action.AUDIT_DOWNLOADED: lambda _: Told("Downloaded the audit log"),
    Action.PLAN_DOWNLOADED: lambda _: Told("Downloaded the plan of a restore"),
    Action.REJECTED_DOWNLOADED: _rejected_downloaded,
    **audit_users.TELLERS,
}
