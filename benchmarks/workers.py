"""Several workspaces restoring at the same time, on one worker and on several."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, without_goal
from benchmarks.fill import Size, fill
from benchmarks.restoring import PATIENCE, start_all
from benchmarks.stage import Databases, Stage, filled, stage
from tests.factories.people import World
from tests.support.processes import wait_until
from webapp.models import Job
from webapp.models.job import ACTIVE

WORKSPACES = 4
WORKERS = (1, 2, 4)


def measure(made: Databases, size: Size) -> Iterator[Figure]:
    """The total rate of four workspaces of this size, with all of them restoring their whole bin."""
    with filled(made, size) as (url, first):
        with stage(url) as here:
            others = [fill(here.engine, size, name=f"Number {place}") for place in range(2, WORKSPACES + 1)]
        for number in WORKERS:
            with made.copy(url) as copy, stage(copy) as here:
                rate = total_rate(here, [first, *others], number)
            yield without_goal(f"Contacts a second in all, on {number} worker{'s' * (number > 1)}", rate)


def total_rate(here: Stage, worlds: list[World], number: int) -> float:
    """Contacts a second, from the first job's start to the last one's end, on so many workers."""
    with ExitStack() as running:
        workers = [running.enter_context(here.worker()) for _ in range(number)]
        wait_until(lambda: all(worker.child("restore") for worker in workers))
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
