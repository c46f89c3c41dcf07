"""Sentences about deleting all contacts that match, and about undoing an import."""

from collections.abc import Mapping

from webapp.contacts.delete import Consequences
from webapp.contacts.delete_scope import AllMatching, Stayed, scope_of_job
from webapp.contacts.delete_work import DELETED, FAILED
from webapp.models import Job
from webapp.words.isolation import isolated
from webapp.words.kind_words import KindWords
from webapp.words.numbers import counted, number

# The heading of each count, and a sentence for one contact and for many.
STAYED: Mapping[str, tuple[str, str, str]] = {
    Stayed.ADDED: (
        "Added since",
        "1 contact was added after the confirmation was opened.",
        "{} contacts were added after the confirmation was opened.",
    ),
    Stayed.CHANGED: ("Changed since", "1 contact was changed since.", "{} contacts were changed since."),
    Stayed.RESTORED: ("Restored since", "1 contact was restored since.", "{} contacts were restored since."),
    Stayed.GONE: (
        "No longer matched",
        "1 contact had already been deleted, or no longer matched, when its turn came.",
        "{} contacts had already been deleted, or no longer matched, when their turn came.",
    ),
    FAILED: (
        "Failed",
        "1 contact could not be deleted: the database refused it, or it crashed the worker each time.",
        "{} contacts could not be deleted: the database refused them, or they crashed the worker each time.",
    ),
}
NOT_DELETED = tuple(STAYED)


def scope_phrase(scope: AllMatching) -> str:
    """Which contacts are meant: "all contacts", "contacts matching “ann” on the list “News”"."""
    wanted, names = scope.wanted, scope.names
    phrases = []
    if scope.is_forgotten:
        phrases.append("matching a search that is no longer kept")
    elif wanted.q:
        phrases.append(f"matching “{isolated(wanted.q)}”")
    if wanted.restored_by is not None:
        phrases.append(f"restored by {names.get('restored_by', 'a restore')}")
    if wanted.list_id is not None:
        status = f" with the status {str(wanted.status).capitalize()}" if wanted.status else ""
        phrases.append(f"on {_named('the list', names.get('list'), 'a list')}{status}")
    if wanted.tag_id is not None:
        phrases.append(f"with {_named('the tag', names.get('tag'), 'a tag')}")
    if wanted.account_id is not None:
        phrases.append(f"of {_named('the account', names.get('account'), 'an account')}")
    return " ".join(["contacts", *phrases]) if phrases else "all contacts"


def _named(noun: str, name: str | None, unnamed: str) -> str:
    return f"{noun} “{isolated(name)}”" if name else unnamed


def scope_words(job: Job) -> str:
    """What a job deletes, in one sentence."""
    scope = scope_of_job(job)
    if not isinstance(scope, AllMatching):
        return "Undo of an import: the contacts that it added and that were not changed since."
    phrase = scope_phrase(scope)
    return f"{phrase[0].upper()}{phrase[1:]}."


def result(job: Job) -> str:
    """What an ended job did, in one sentence."""
    deleted = counted(job.count(DELETED), "contact")
    if job.can_be_continued and job.total is not None and job.processed < job.total:
        deleted = f"{number(job.count(DELETED))} of {counted(job.total, 'contact')}"
    parts = [f"{deleted} deleted"]
    stayed = sum(job.count(why) for why in (Stayed.ADDED, Stayed.CHANGED, Stayed.RESTORED))
    for amount, words in (
        (stayed, "stayed"),
        (job.count(Stayed.GONE), "no longer matched"),
        (job.count(FAILED), "failed"),
    ):
        if amount:
            parts.append(f"{number(amount)} {words}")
    return f"{', '.join(parts)}."


def not_deleted(counts: Mapping[str, int]) -> list[str]:
    """A sentence for each reason for which contacts were not deleted."""
    found = ((STAYED[why], counts.get(why, 0)) for why in NOT_DELETED)
    return [one if count == 1 else many.format(number(count)) for (_, one, many), count in found if count]


def figures(job: Job) -> list[tuple[str, int]]:
    """The numbers of the report: what was deleted, and for each reason what was not."""
    stayed = [(STAYED[why][0], job.count(why)) for why in NOT_DELETED if job.count(why)]
    return [("Deleted", job.count(DELETED)), *stayed]


def stays(stayed: Mapping[str, int]) -> list[str]:
    """What stays when an import is undone."""
    changed, gone = stayed.get(Stayed.CHANGED, 0), stayed.get(Stayed.GONE, 0)
    lines = []
    if changed:
        has, it = ("has", "It stays") if changed == 1 else ("have", "They stay")
        lines.append(f"{counted(changed, 'contact')} {has} been changed since the import. {it}.")
    if gone:
        lines.append(f"{counted(gone, 'contact')} {'is' if gone == 1 else 'are'} already deleted.")
    return lines


def undo_scope(going: int) -> str:
    """What undoing an import deletes."""
    if not going:
        return "None of the contacts that it added can be deleted."
    were = "was" if going == 1 else "were"
    return f"{counted(going, 'contact')} that it added and that {were} not changed since will be deleted."


def restorable(contacts: int) -> str:
    """What a dialog promises beside what it deletes."""
    them = "it" if contacts == 1 else "them"
    return f"Admins can restore {them} for 30 days, with lists, tags, account and Created Date."


def deals(foreseen: Consequences) -> list[str]:
    """What becomes of the deals of many contacts."""
    lines = []
    if foreseen.deals_deleted:
        its, it = ("its", "it") if foreseen.deals_deleted == 1 else ("their", "them")
        lines.append(
            f"{counted(foreseen.deals_deleted, 'deal')} will be deleted with {its} last contact. "
            f"A restore brings {it} back only if that is asked for."
        )
    if foreseen.deals_left:
        others = "stays, with its" if foreseen.deals_left == 1 else "stay, with their"
        lines.append(f"{counted(foreseen.deals_left, 'deal')} {others} other contacts.")
    return lines or ["No deal is affected."]


def deals_deleted(amount: int) -> str:
    """What became of the deals, after the end."""
    if not amount:
        return "No deal was deleted."
    its = "its" if amount == 1 else "their"
    return f"{counted(amount, 'deal')} {'was' if amount == 1 else 'were'} deleted with {its} last contact."


WORDS = KindWords(
    name="Bulk deletion",
    doing="Deleting",
    noun="contact",
    result=result,
    scope=lambda job, *_: scope_words(job),
    promise="You can leave this page; it continues. What is deleted can be restored once this has ended.",
    kept="Automations and unsent messages of the deleted contacts have ended.",
    report="jobs/_delete_report.html",
    menu="jobs",
)
