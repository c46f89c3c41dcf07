"""Sentences about undoing a restore."""

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.models import Job
from webapp.models.restore_outcome import Reason
from webapp.restoring.undo_work import UNDONE
from webapp.restoring.undoing import Kept
from webapp.words.numbers import counted, number


@dataclass(frozen=True)
class KeptPhrases:
    """`label` is the heading of a count. `one` and `many` say beforehand how many contacts are left alone;
    `sentence` is for one of them."""

    label: str
    one: str
    many: str
    sentence: str


KEPT = {
    Kept.CHANGED: KeptPhrases(
        "Changed since",
        "1 contact has been changed since.",
        "{} contacts have been changed since.",
        "Left alone: it has been changed since the restore.",
    ),
    Kept.UNKNOWN: KeptPhrases(
        "Restored by an earlier version",
        "1 contact was restored by an earlier version of this app.",
        "{} contacts were restored by an earlier version of this app.",
        "Left alone: an earlier version of this app has restored it.",
    ),
    Kept.DELETED: KeptPhrases(
        "Deleted since",
        "1 contact is already deleted.",
        "{} contacts are already deleted.",
        "Left alone: it was already deleted.",
    ),
    Kept.MERGED: KeptPhrases(
        "Merged",
        "1 contact was merged into another one.",
        "{} contacts were merged into other ones.",
        "Left alone: it was merged into another contact.",
    ),
    Kept.PRIMARY: KeptPhrases(
        "Primary Contact of a deal",
        "1 contact is now a deal’s Primary Contact.",
        "{} contacts are now a deal’s Primary Contact.",
        "Left alone: it is a deal’s Primary Contact.",
    ),
    Kept.ONLY_CONTACT: KeptPhrases(
        "Only contact of a deal",
        "1 contact is now a deal’s only contact.",
        "{} contacts are now a deal’s only contact.",
        "Left alone: it is a deal’s only contact.",
    ),
    Kept.PAST_WINDOW: KeptPhrases(
        "Deleted more than 30 days ago",
        "1 contact was first deleted more than 30 days ago.",
        "{} contacts were first deleted more than 30 days ago.",
        "Left alone: it was first deleted more than 30 days ago and could not be restored again.",
    ),
    Kept.PURGED: KeptPhrases(
        "Purged", "1 contact has been purged.", "{} contacts have been purged.", "It has been purged."
    ),
}


FAILED: dict[str, str] = {
    Reason.REFUSED: "Failed: the database refused to put it back.",
    Reason.CRASHED: "Failed: it crashed the worker each time.",
}


def left_alone(counts: Mapping[Kept | None, int]) -> list[str]:
    """A sentence for each reason: how many contacts an undo will leave alone."""
    found = ((KEPT[why], counts.get(why, 0)) for why in Kept)
    return [
        phrases.one if count == 1 else phrases.many.format(number(count)) for phrases, count in found if count
    ]


def why_left_alone(reason: str | None) -> str:
    """Why an undo has left a contact alone; empty for one that went back."""
    if reason is None:
        return ""
    if reason in FAILED:
        return FAILED[reason]
    return KEPT[Kept(reason)].sentence if reason in set(Kept) else f"Left alone ({reason})."


def label_of_kept(reason: str) -> str:
    """The heading for a count of contacts that were left alone."""
    if reason in FAILED:
        return "Failed"
    return KEPT[Kept(reason)].label if reason in set(Kept) else reason


def scope(job: Job) -> str:
    """What an undo is about, in one sentence."""
    return f"{counted(job.total or 0, 'restored contact')}."


def result(job: Job) -> str:
    """What an ended undo did, in one sentence."""
    parts = [f"{counted(job.count(UNDONE), 'contact')} put back among the deleted ones"]
    for name, words in (("skipped", "left alone"), ("failed", "failed")):
        if job.count(name):
            parts.append(f"{number(job.count(name))} {words}")
    return f"{', '.join(parts)}."
