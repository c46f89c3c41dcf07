"""Several workspaces restoring at the same time, by one restore worker and by several."""

import time
from collections.abc import Iterator
from functools import partial

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, without_goal
from benchmarks.fill import Size, fill
from benchmarks.restoring import PATIENCE, start_all
from benchmarks.stage import Databases, Stage, filled, stage
from tests.factories.people import World
from tests.support.processes import wait_until
from webapp.models import Job
from webapp.models.job import ACTIVE

WORKSPACES = 4
# RESTORE_WORKERS of the one `worker.py`.
WORKERS = (1, 2, 4)


def measure(made: Databases, size: Size) -> Iterator[Figure]:
    """The total rate of four workspaces of this size, with all of them restoring their whole bin."""
    with filled(made, size) as (url, first):
        with stage(url) as here:
            others = [fill(here.engine, size, name=f"Number {place}") for place in range(2, WORKSPACES + 1)]
        rates = {}
        for number in WORKERS:
            with made.copy(url) as copy, stage(copy) as here:
                here.environ["RESTORE_WORKERS"] = str(number)
                rates[number] = total_rate(here, [first, *others], number)
            what = f"Contacts a second in all, by {number} restore worker{'s' * (number > 1)}"
            yield without_goal(what, rates[number])
    # SQLite has one writer: there two only use each other's rests.
    judge = partial(at_least, goal=1.8) if made.kind == "postgresql" else without_goal
    yield judge("By two, one being 1", rates[2] / rates[1])


def total_rate(here: Stage, worlds: list[World], number: int) -> float:
    """Contacts a second, from the first job's start to the last one's end, by so many restore workers."""
    with here.worker() as worker:
        wait_until(lambda: len(worker.of_queue("restore")) == number)
        for world in worlds:
            start_all(here, world)
        wait_until(lambda: _active(here.engine) == 0, seconds=PATIENCE)
        ended = time.time()
    with Session(here.engine) as session:
        jobs = session.scalars(select(Job)).all()
        begun = min(job.started_at for job in jobs if job.started_at is not None)
        contacts = sum(job.processed for job in jobs)
    return contacts / (ended - begun.timestamp())


def _active(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).where(Job.state.in_(ACTIVE))) or 0
