"""Sentences about exports."""

from collections.abc import Mapping, Sequence

from webapp.exporting.deleted import DeletedContacts
from webapp.exporting.live import LiveContacts
from webapp.exporting.outcomes import Report
from webapp.exporting.request import source_of
from webapp.exporting.source import Source
from webapp.exporting.work import EXPORTED, FAILED
from webapp.models import Job
from webapp.models.job import JobState
from webapp.restoring.named import Deleted
from webapp.words.dates import Dates
from webapp.words.filters import describe_filters
from webapp.words.isolation import isolated
from webapp.words.kind_words import KindWords
from webapp.words.numbers import counted, joined, number

# The name of a job of which there can be a report.
REPORTS = {"restore": "Restore", "undo": "Undo"}
ADDED_SINCE = "Contacts that are added from now on are left out, and so are those deleted before their turn."
DELETED_SINCE = (
    "Contacts that are deleted from now on are left out, and so are those restored before their turn."
)
WHAT_IT_HOLDS = {
    LiveContacts.what: [
        "The file has their details, tags and lists with the status on each. It can be imported again.",
        ADDED_SINCE,
    ],
    DeletedContacts.what: [
        "The file has their details, tags and lists with the status on each, and who deleted them when.",
        DELETED_SINCE,
    ],
    Report.what: ["The file has what became of each contact, and why."],
}
WHO_CAN_DOWNLOAD = (
    "The file is kept for a day. Until then you and the admins of your account can download it."
)
ADMINS_CAN_DOWNLOAD = "The file is kept for a day. Until then the admins of your account can download it."


def title(source: Source, total: int | None) -> str:
    """The question of the dialog."""
    if isinstance(source, Report):
        return f"Export the report of {_report(source)}?"
    noun = "deleted contact" if isinstance(source, DeletedContacts) else "contact"
    return f"Export {counted(total, noun)}?" if total is not None else f"Export these {noun}s?"


def describe(
    source: Source,
    *,
    dates: Dates,
    people: Mapping[int, str] | None = None,
    deletions: Mapping[int, Deleted] | None = None,
) -> str:
    """What is exported, in one sentence."""
    if isinstance(source, Report):
        return f"The report of {_report(source)}."
    if isinstance(source, DeletedContacts):
        phrases = describe_filters(source.filters, dates=dates, people=people or {}, deletions=deletions)
        return _sentence("deleted contacts", phrases)
    assert isinstance(source, LiveContacts)
    return _sentence("contacts", _filters(source))


def consequences(source: Source) -> list[str]:
    """What the file holds and who can download it, as sentences."""
    return [
        *WHAT_IT_HOLDS[source.what],
        ADMINS_CAN_DOWNLOAD if source.is_for_admins else WHO_CAN_DOWNLOAD,
    ]


def _report(source: Report) -> str:
    name = REPORTS.get(source.kind, "Job")
    return f"{name} #{source.number}" if source.number else name


def _sentence(noun: str, phrases: Sequence[str]) -> str:
    return f"{noun.capitalize()} {joined(phrases)}." if phrases else f"All {noun}."


def _filters(source: LiveContacts) -> list[str]:
    """The filters of the overview that are set, each as a phrase that follows "contacts"."""
    wanted, names = source.wanted, source.names
    phrases = []
    if source.is_forgotten:
        phrases.append("matching a search that is no longer kept")
    elif wanted.q:
        phrases.append(f"matching “{isolated(wanted.q)}”")
    if wanted.list_id is not None:
        status = f"{wanted.status.capitalize()} " if wanted.status else ""
        phrases.append(f"{status}on {_named('list', names)}")
    if wanted.tag_id is not None:
        phrases.append(f"with {_named('tag', names)}")
    if wanted.account_id is not None:
        phrases.append(f"of {_named('account', names)}")
    if wanted.restored_by is not None:
        phrases.append(f"restored by {names.get('restored_by', 'a restore')}")
    return phrases


def _named(noun: str, names: Mapping[str, str]) -> str:
    return f"the {noun} “{isolated(names[noun])}”" if noun in names else f"one {noun}"


def result(job: Job) -> str:
    """What an ended export did, in one sentence."""
    if job.state != JobState.DONE:
        return "No file was made."
    failed = f", {number(job.count(FAILED))} could not be exported" if job.count(FAILED) else ""
    return f"{counted(job.count(EXPORTED), 'contact')} exported{failed}."


def _users(job: Job) -> Sequence[int]:
    source = source_of(job)
    by = source.filters.deleted_by if isinstance(source, DeletedContacts) else None
    return [] if by is None else [by]


def _deletions(job: Job) -> Sequence[int]:
    source = source_of(job)
    return source.filters.deletion if isinstance(source, DeletedContacts) else ()


WORDS = KindWords(
    name="Export",
    doing="Exporting",
    noun="contact",
    result=result,
    scope=lambda job, dates, people, deletions: describe(
        source_of(job), dates=dates, people=people, deletions=deletions
    ),
    promise="You can leave this page; the export continues. Nothing is changed.",
    kept="Nothing was changed.",
    report="exports/_report.html",
    menu="jobs",
    users=_users,
    deletions=_deletions,
)
