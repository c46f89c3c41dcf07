"""The name of each kind of job, and the functions that make its sentences."""

from collections.abc import Mapping, Sequence

from webapp.models import Job
from webapp.restoring.named import Deleted
from webapp.restoring.request import scope_of
from webapp.words import deleting, exporting, purging, restoring, undoing
from webapp.words.dates import Dates
from webapp.words.imports import IMPORT_WORDS
from webapp.words.kind_words import KindWords
from webapp.words.numbers import counted


def words_of(kind: str) -> KindWords:
    """The words of a kind; general ones for a kind of a later release, which has been rolled back."""
    return KIND_WORDS.get(kind, UNKNOWN_KIND)


def title(job: Job) -> str:
    """ "Restore #12"; without a number for a job that the previous release has just started."""
    name = words_of(job.kind).name
    return f"{name} #{job.number}" if job.number else name


def _restore_scope(
    job: Job, dates: Dates, people: Mapping[int, str], deletions: Mapping[int, Deleted]
) -> str:
    return restoring.scope_words(scope_of(job), dates=dates, people=people, deletions=deletions)


def _restore_deletions(job: Job) -> Sequence[int]:
    filters = scope_of(job).filters
    return filters.deletion if filters is not None else ()


def _restore_users(job: Job) -> Sequence[int]:
    filters = scope_of(job).filters
    return [filters.deleted_by] if filters is not None and filters.deleted_by is not None else []


UNKNOWN_KIND = KindWords(
    name="Job",
    doing="Working on",
    noun="item",
    result=lambda job: f"{counted(job.processed, 'item')} processed.",
    scope=lambda _job, _dates, _people, _deletions: "A job that this version of the app does not know.",
    promise="",
    kept="",
    report="jobs/_unknown_report.html",
    menu="restores",
)
KIND_WORDS = {
    "restore": KindWords(
        name="Restore",
        doing="Restoring",
        noun="contact",
        result=restoring.result,
        scope=_restore_scope,
        promise="It can take up to 15 minutes. You can leave this page; the restore continues. "
        "No automations will run and no campaigns will be sent.",
        kept="No automations ran and no campaigns were sent.",
        report="restores/_report.html",
        menu="restores",
        users=_restore_users,
        deletions=_restore_deletions,
    ),
    "undo": KindWords(
        name="Undo",
        doing="Putting back",
        noun="contact",
        result=undoing.result,
        scope=lambda job, *_: undoing.scope(job),
        promise="You can leave this page; it continues. "
        "No automations will run and no campaigns will be sent.",
        kept="No automations ran and no campaigns were sent.",
        report="restores/_undo_report.html",
        menu="restores",
    ),
    "export": exporting.WORDS,
    "import": IMPORT_WORDS,
    "delete": deleting.WORDS,
    "purge": purging.PURGE,
    "erase": purging.ERASE,
}
