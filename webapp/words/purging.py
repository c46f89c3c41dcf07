"""Sentences about contacts that go for good: purges, and contacts that are deleted for ever."""

from collections.abc import Mapping, Sequence

from webapp.models import Job
from webapp.purging import erase_work
from webapp.purging.work import FAILED, PURGED
from webapp.restoring.named import Deleted
from webapp.restoring.request import scope_of
from webapp.restoring.scope import Scope
from webapp.words.dates import Dates
from webapp.words.isolation import isolated
from webapp.words.kind_words import KindWords
from webapp.words.numbers import counted, joined, number
from webapp.words.restoring import scope_words


def purge_result(job: Job) -> str:
    """What a purge did, in one sentence."""
    failed = f", {number(job.count(FAILED))} failed" if job.count(FAILED) else ""
    return f"{counted(job.count(PURGED), 'contact')} purged{failed}."


PURGE = KindWords(
    name="Purge",
    doing="Purging",
    noun="contact",
    result=purge_result,
    scope=lambda *_: "Contacts deleted more than 31 days ago.",
    promise="Their 30 days are over, so they cannot be restored any more. "
    "You can leave this page; it continues.",
    kept="Suppressed e-mail addresses stay suppressed.",
    report="jobs/_purge_report.html",
    menu="jobs",
)


def erase_title(scope: Scope) -> str:
    """The dialog's question."""
    noun = "matching contact" if scope.filters is not None and scope.filters.any else "contact"
    everything = "all " if scope.filters is not None and scope.expected != 1 else ""
    return f"Delete {everything}{counted(scope.expected, noun)} for ever?"


def people_words(names: Sequence[str], total: int) -> str:
    """The first of the selected contacts by name, and how many more there are."""
    more = [f"{number(total - len(names))} more"] if total > len(names) else []
    return f"{joined([*map(isolated, names), *more])}."


def erase_lines(count: int, merged: int) -> list[str]:
    """What goes, and what stays; the first sentence follows "This cannot be undone."."""
    them, their = ("it", "its") if count == 1 else ("them", "their")
    lines = [f"No restore and no undo brings {them} back. Lists, tags, deals, notes and history go, too."]
    if merged:
        verb = "was" if merged == 1 else "were"
        go = "goes" if merged == 1 else "go"
        lines.append(f"{counted(merged, 'contact')} that {verb} merged into {them} {go}, too.")
    names = "name or address" if count == 1 else "names or addresses"
    lines.append(
        f"Searches that hold {their} {names} are erased, and so are all files that imports and exports have "
        "kept. Suppressed addresses stay suppressed."
    )
    return lines


def wrong_number(expected: int) -> str:
    """Why nothing was deleted: the number that was typed is another one."""
    return f"Type {number(expected)} to confirm. Nothing was deleted."


def erase_result(job: Job) -> str:
    """What it did, in one sentence."""
    parts = [f"{counted(job.count(erase_work.ERASED), 'contact')} deleted for ever"]
    for code, phrase in (
        (erase_work.MERGED, "that had been merged into them as well"),
        (erase_work.LEFT_ALONE, "no longer deleted and left alone"),
        (erase_work.FAILED, "failed"),
    ):
        if job.count(code):
            parts.append(f"{number(job.count(code))} {phrase}")
    return f"{', '.join(parts)}."


def _erase_scope(job: Job, dates: Dates, people: Mapping[int, str], deletions: Mapping[int, Deleted]) -> str:
    return scope_words(scope_of(job), dates=dates, people=people, deletions=deletions)


def _erase_users(job: Job) -> Sequence[int]:
    filters = scope_of(job).filters
    return [filters.deleted_by] if filters is not None and filters.deleted_by is not None else []


def _erase_deletions(job: Job) -> Sequence[int]:
    filters = scope_of(job).filters
    return filters.deletion if filters is not None else ()


ERASE = KindWords(
    name="Erasure",
    doing="Deleting for ever",
    noun="contact",
    result=erase_result,
    scope=_erase_scope,
    promise="You can leave this page; it continues.",
    kept="These contacts cannot be restored. Suppressed e-mail addresses stay suppressed.",
    report="jobs/_erase_report.html",
    menu="jobs",
    users=_erase_users,
    deletions=_erase_deletions,
)
