"""Sentences about restores: the question, the scope, the reasons why contacts were not restored."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from webapp.models import Job
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring.report import NotRestored
from webapp.restoring.scope import Scope
from webapp.words.contacts import name_of
from webapp.words.filters import describe_filters
from webapp.words.isolation import isolated
from webapp.words.numbers import counted, joined, number


@dataclass(frozen=True)
class Phrases:
    """The texts for one reason.

    `label` is the heading of a count. `sentence` is for one contact; `{other}` stands for the other contact.
    `one` and `many` say before the restore how many contacts will not be restored.
    """

    label: str
    sentence: str
    one: str = ""
    many: str = ""


REASONS = {
    Reason.EMAIL_TAKEN: Phrases(
        "E-mail address used by another contact",
        "Stayed deleted: {other} uses its e-mail address.",
        "1 contact will stay deleted: its e-mail address is used by another contact.",
        "{} contacts will stay deleted: their e-mail addresses are used by other contacts.",
    ),
    Reason.TWIN: Phrases(
        "Same e-mail address as a contact deleted later",
        "Stayed deleted: {other} has the same e-mail address and was deleted later.",
        "1 contact will stay deleted: another with its e-mail address was deleted later.",
        "{} contacts will stay deleted: others with their e-mail addresses were deleted later.",
    ),
    Reason.NO_LONGER_DELETED: Phrases(
        "No longer deleted",
        "Was no longer deleted.",
        "1 contact is no longer deleted and is left out.",
        "{} contacts are no longer deleted and are left out.",
    ),
    Reason.DELETED_AGAIN: Phrases(
        "Deleted again since this was confirmed",
        "Stayed deleted: it was deleted again after this was confirmed.",
        "1 contact was deleted again in the meantime and is left out.",
        "{} contacts were deleted again in the meantime and are left out.",
    ),
    Reason.EXPIRED: Phrases(
        "More than 30 days deleted when this restore began",
        "Stayed deleted: its 30 days ended while this restore waited in line.",
    ),
    Reason.REFUSED: Phrases("Refused by the database", "Stayed deleted: the database refused it ({detail})."),
    Reason.CRASHED: Phrases(
        "Crashed the worker each time",
        "Stayed deleted: it crashed the worker each time and was skipped.",
    ),
    Reason.NO_LONGER_ELIGIBLE: Phrases(
        "No longer deleted, or deleted again", "Was no longer deleted, or had been deleted again."
    ),
}


def label_of(reason: str) -> str:
    """The heading for a count of contacts that were not restored. A code of a later release is its own
    heading."""
    return REASONS[Reason(reason)].label if reason in set(Reason) else reason


def explain(contact: NotRestored) -> tuple[str, str, str]:
    """Why a contact was not restored: the text before the other contact's name, that name, the text after
    it.
    """
    if contact.reason not in set(Reason):
        # Of a later release, which has been rolled back.
        return f"Not restored ({contact.reason or 'no reason given'}).", "", ""
    phrases = REASONS[Reason(contact.reason)]
    before, other, after = phrases.sentence.partition("{other}")
    if not other:
        return before.format(detail=isolated(contact.detail or "")), "", ""
    return before, name_of(contact.other) if contact.other else "another contact", after


def skips(scope: Scope) -> list[str]:
    """A sentence for each reason: how many of the selected contacts will not be restored."""
    return [
        REASONS[reason].one
        if scope.skips[reason] == 1
        else REASONS[reason].many.format(number(scope.skips[reason]))
        for reason in Reason
        if scope.skips.get(reason)
    ]


def dialog_title(scope: Scope) -> str:
    """The dialog's question."""
    noun = "matching contact" if scope.filters is not None and scope.filters.any else "contact"
    everything = "all " if scope.filters is not None and scope.expected != 1 else ""
    return f"Restore {everything}{counted(scope.expected, noun)}?"


def scope_words(scope: Scope, *, zone: ZoneInfo, people: Mapping[int, str]) -> str:
    """The scope as one sentence; `people` names users by id."""
    if scope.filters is None:
        return f"{counted(scope.expected, 'selected contact')}."
    contacts = counted(scope.expected, "contact")
    phrases = joined(describe_filters(scope.filters, zone=zone, people=people))
    if phrases:
        return f"{contacts} {phrases}."
    return f"{'All' if scope.expected != 1 else 'The'} {contacts} deleted in the last 30 days."


def result(job: Job) -> str:
    """What an ended restore did, in one sentence. Its numbers add up to the number that was confirmed."""
    parts = [f"{counted(job.count(Outcome.RESTORED), 'contact')} restored"]
    for name, words in (
        (Outcome.SKIPPED, "skipped"),
        (Outcome.FAILED, "failed"),
        (Reason.NO_LONGER_DELETED, "no longer deleted"),
        (Reason.DELETED_AGAIN, "deleted again"),
        (Reason.NO_LONGER_ELIGIBLE, "no longer deleted, or deleted again"),
        (Reason.EXPIRED, "past the 30 days"),
    ):
        if job.count(name):
            parts.append(f"{number(job.count(name))} {words}")
    return f"{', '.join(parts)}."
