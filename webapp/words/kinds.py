"""What each kind of job is called, and who makes its sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from webapp.models import Job
from webapp.restoring.scope import Scope
from webapp.words import restoring


def _no_users(_job: Job) -> list[int]:
    return []


@dataclass(frozen=True)
class KindWords:
    """`name` is the job ("Restore #12"), `doing` what it is at, `noun` one of its items.

    `result` says what an ended job did. `scope` says what was asked for, with the users that `users` names.
    `report` is the template that shows what became of each item.
    """

    name: str
    doing: str
    noun: str
    result: Callable[[Job], str]
    scope: Callable[[Job, ZoneInfo, Mapping[int, str]], str]
    report: str
    users: Callable[[Job], list[int]] = _no_users


def _restore_scope(job: Job, zone: ZoneInfo, people: Mapping[int, str]) -> str:
    return restoring.scope_words(Scope.from_dict(job.request), zone=zone, people=people)


def _restore_users(job: Job) -> list[int]:
    filters = Scope.from_dict(job.request).filters
    return [filters.deleted_by] if filters is not None and filters.deleted_by is not None else []


KIND_WORDS = {
    "restore": KindWords(
        name="Restore",
        doing="Restoring",
        noun="contact",
        result=restoring.result,
        scope=_restore_scope,
        report="restores/_report.html",
        users=_restore_users,
    ),
}
