"""What the pages and commands need of a kind of job, to speak of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from webapp.models import Job
from webapp.restoring.named import Deleted
from webapp.words.dates import Dates


def _none(_job: Job) -> Sequence[int]:
    return ()


@dataclass(frozen=True)
class KindWords:
    """`name` is the name of such a job ("Restore"), `doing` the verb for its progress ("Restoring"), `noun`
    the name of an item ("contact").

    `result` describes what an ended job did. `scope` describes the job's request; `users` returns the ids of
    the users whose names it needs, and `deletions` the numbers of the deletions that it names. `promise` is
    shown while the job runs and `kept` after its end: what the job does to others, and what it does not.
    `report` is the template of the report; `menu` the entry of the navigation that its pages belong to.
    """

    name: str
    doing: str
    noun: str
    result: Callable[[Job], str]
    scope: Callable[[Job, Dates, Mapping[int, str], Mapping[int, Deleted]], str]
    promise: str
    kept: str
    report: str
    menu: str
    users: Callable[[Job], Sequence[int]] = _none
    deletions: Callable[[Job], Sequence[int]] = _none
