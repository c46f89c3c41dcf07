"""Sentences about restores: the question, the scope, the reasons why contacts were not restored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from webapp.models import Job
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring.named import Deleted
from webapp.restoring.plan import Plan
from webapp.restoring.report import ContactOutcome
from webapp.restoring.scope import Scope
from webapp.words.contacts import name_of
from webapp.words.dates import Dates
from webapp.words.filters import describe_filters
from webapp.words.isolation import isolated
from webapp.words.numbers import counted, joined, number


@dataclass(frozen=True)
class Phrases:
    """The texts for one reason.

    `label` is the heading of a count. `sentence` is for one contact; `{other}` stands for the other contact.
    `one` and `many` say before the restore how many contacts it concerns, `ahead` is for one of them.
    """

    label: str
    sentence: str
    one: str = ""
    many: str = ""
    ahead: str = ""


REASONS = {
    Reason.EMAIL_TAKEN: Phrases(
        "E-mail address used by another contact",
        "Stayed deleted: {other} uses its e-mail address.",
        "1 contact will stay deleted: its e-mail address is used by another contact.",
        "{} contacts will stay deleted: their e-mail addresses are used by other contacts.",
        "{other} uses its e-mail address.",
    ),
    Reason.TWIN: Phrases(
        "Same e-mail address as a contact deleted later",
        "Stayed deleted: {other} has the same e-mail address and was deleted later.",
        "1 contact will stay deleted: another with its e-mail address was deleted later.",
        "{} contacts will stay deleted: others with their e-mail addresses were deleted later.",
        "{other} has the same e-mail address and was deleted later.",
    ),
    Reason.NO_LONGER_DELETED: Phrases(
        "No longer deleted",
        "Was no longer deleted.",
        "1 contact is no longer deleted and is left out.",
        "{} contacts are no longer deleted and are left out.",
        "It is no longer deleted.",
    ),
    Reason.DELETED_AGAIN: Phrases(
        "Deleted again since this was confirmed",
        "Stayed deleted: it was deleted again after this was confirmed.",
        "1 contact was deleted again in the meantime and is left out.",
        "{} contacts were deleted again in the meantime and are left out.",
        "It was deleted again in the meantime.",
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
        "No longer deleted, or deleted again",
        "Was no longer deleted, or had been deleted again.",
        "1 contact is no longer deleted, or was deleted again, and is left out.",
        "{} contacts are no longer deleted, or were deleted again, and are left out.",
    ),
    Reason.MERGED: Phrases(
        "Merged into the contact with the same address",
        "Merged into {other}.",
        "1 contact will be merged into the contact that has its e-mail address.",
        "{} contacts will be merged into the contacts that have their e-mail addresses.",
        "Will be merged into {other}.",
    ),
    Reason.WITHOUT_ADDRESS: Phrases(
        "Restored without e-mail address",
        "Restored without its e-mail address, which {other} has. It is kept as a note.",
        "1 of them will be restored without its e-mail address.",
        "{} of them will be restored without their e-mail addresses.",
        "{other} has its e-mail address.",
    ),
}


def label_of(reason: str) -> str:
    """The heading for a count of contacts that were not restored. A code of a later release is its own
    heading."""
    return REASONS[Reason(reason)].label if reason in set(Reason) else reason


def explain(contact: ContactOutcome, *, ahead: bool = False) -> tuple[str, str, str]:
    """Why a contact was not restored, or how: the text before the other contact's name, that name, the text
    after it. All are empty for one that simply came back. With `ahead` it has not happened yet.
    """
    if contact.reason is None and contact.outcome == Outcome.RESTORED:
        return "", "", ""
    if contact.reason not in set(Reason):
        # Of a later release, which has been rolled back.
        return f"Not restored ({contact.reason or 'no reason given'}).", "", ""
    phrases = REASONS[Reason(contact.reason)]
    before, other, after = (phrases.ahead if ahead else phrases.sentence).partition("{other}")
    if not other:
        return before.format(detail=isolated(contact.detail or "")), "", ""
    return before, name_of(contact.other) if contact.other else "another contact", after


def exceptions(plan: Plan) -> list[str]:
    """A sentence for each reason for which contacts do not simply come back: how many they are."""
    counts = ((REASONS[reason], plan.counts.get(reason, 0)) for reason in Reason)
    return [
        phrases.one if count == 1 else phrases.many.format(number(count))
        for phrases, count in counts
        if count
    ]


def dialog_title(scope: Scope) -> str:
    """The dialog's question."""
    noun = "matching contact" if scope.filters is not None and scope.filters.any else "contact"
    everything = "all " if scope.filters is not None and scope.expected != 1 else ""
    return f"Restore {everything}{counted(scope.expected, noun)}?"


def scope_words(
    scope: Scope,
    *,
    dates: Dates,
    people: Mapping[int, str],
    deletions: Mapping[int, Deleted] | None = None,
    now: datetime | None = None,
) -> str:
    """The scope as one sentence; for the names and `now` see `describe_filters`."""
    if scope.filters is None:
        return f"{counted(scope.expected, 'selected contact')}."
    contacts = counted(scope.expected, "contact")
    phrases = joined(
        describe_filters(scope.filters, dates=dates, people=people, deletions=deletions, now=now)
    )
    if phrases:
        return f"{contacts} {phrases}."
    return f"{'All' if scope.expected != 1 else 'The'} {contacts} deleted in the last 30 days."


def result(job: Job) -> str:
    """What an ended restore did, in one sentence. Its numbers add up to the number that was confirmed."""
    parts = [f"{counted(job.count(Outcome.RESTORED), 'contact')} restored"]
    for name, words in (
        (Reason.MERGED, "merged"),
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
