"""Finding the item that stops a job: one that the database refuses, or one at which every process dies.

A refused item is found inside one transaction, by halves. A deadly one cannot be: after MAX_DEATHS deaths at
one batch its items are taken one at a time, and after as many at one item that item is left out
(docs/adr/0009).
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from sqlalchemy.orm import Session

from webapp.models import Job
from webapp.models.job import Note

log = structlog.get_logger()

# After so many deaths at one place the item at which processes die is looked for.
MAX_DEATHS = 3
# After so many items left out the items are not the cause.
MAX_LEFT_OUT = 5
# After so many claims without a committed batch the job fails.
MAX_CLAIMS = 10

INTERRUPTED_TOO_OFTEN = "interrupted_too_often"
TOO_MANY_LEFT_OUT = "too_many_left_out"

Item = TypeVar("Item")
Result = TypeVar("Result")


def by_halves(
    session: Session,
    items: Sequence[Item],
    write: Callable[[Sequence[Item]], Sequence[Result]],
    refuse: Callable[[Item, Exception], Result],
    refusals: tuple[type[Exception], ...],
) -> list[Result]:
    """Write `items` by halves, each half in a savepoint, until every refused item stands alone.

    Returns a result for each item, in order: what `write` says of those that it wrote and what `refuse` says
    of the others. `refusals` are the exceptions that may be one item's doing.
    """
    if not items:
        return []
    try:
        with session.begin_nested():
            return list(write(items))
    except refusals as refusal:
        if len(items) == 1:
            return [refuse(items[0], refusal)]
    middle = len(items) // 2
    return [
        *by_halves(session, items[:middle], write, refuse, refusals),
        *by_halves(session, items[middle:], write, refuse, refusals),
    ]


def why_hopeless(job: Job) -> Note | None:
    """Why a job that has just been claimed can come to no end; None where it can."""
    if job.claims_since_progress > MAX_CLAIMS:
        return {"code": INTERRUPTED_TOO_OFTEN, "times": MAX_CLAIMS}
    if must_leave_out(job) and job.left_out >= MAX_LEFT_OUT:
        return {"code": TOO_MANY_LEFT_OUT, "items": MAX_LEFT_OUT}
    return None


def narrow_down(job: Job, batch_size: int) -> None:
    """After too many deaths at one batch, take its items one at a time from now on."""
    if job.claims_since_progress > MAX_DEATHS and not job.one_by_one:
        log.warning("one_by_one", items=batch_size)
        # The place is another one from here on: one item instead of a batch.
        job.one_by_one, job.claims_since_progress = batch_size, 1


def must_leave_out(job: Job) -> bool:
    """Whether the next item is the one at which processes die."""
    return bool(job.one_by_one) and job.claims_since_progress > MAX_DEATHS
