"""Restoring all deleted contacts by a real worker, compared with bare SQL and the naive loop."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import mean, median
from typing import TypeVar

import psutil
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, at_most, measured
from benchmarks.floor import bare_restore
from benchmarks.one_at_a_time import restore_one_by_one
from benchmarks.stage import Databases, Stage, stage
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.confirming import ASK_ABOUT_ALL, job_of
from tests.support.processes import WorkerProcess, wait_until
from webapp.models import Job, JobBatch
from webapp.models.job import ACTIVE
from webapp.restoring.work import RESTORE

Answer = TypeVar("Answer")

# The longest that anything may take on a busy machine, in seconds.
PATIENCE = 900.0
LOOP = 1000
# "Confirming answers in under 300 ms."
START_MS = 300
# After this part of the run the process has allocated what it needs at first.
WARM = 10


@dataclass(frozen=True)
class RestoreRun:
    """The measurements of one restore."""

    contacts: int
    seconds: float
    # When its batches began, and when the last one ended.
    moments: Sequence[float]
    memory: Sequence[int]
    started_in_ms: float
    asked_in_ms: float

    @property
    def rate(self) -> float:
        return self.contacts / self.seconds

    @property
    def gaps(self) -> list[float]:
        """How long each batch took, including its rest."""
        return [end - begin for begin, end in pairwise(self.moments)]

    @property
    def last_to_first(self) -> float:
        """The speed of the last tenth of the full batches, relative to the first tenth."""
        full = self.gaps[:-1]
        tenth = max(1, len(full) // 10)
        return mean(full[:tenth]) / mean(full[-tenth:])

    @property
    def grown_mb(self) -> float:
        """By how much the process's memory has grown since a tenth of the run."""
        warm = self.memory[len(self.memory) // WARM :]
        return (max(warm) - warm[0]) / 1e6 if warm else 0.0


def measure(made: Databases, url: str, world: World, *, judged: bool) -> Iterator[Figure]:
    """Figures of a restore of all deleted contacts in copies of the database at `url`.

    `judged` says whether the absolute goals apply to this size.
    """
    with made.copy(url) as copy, stage(copy) as here:
        batches = here.services.batches
        size = batches.size_for(RESTORE.batch_sizes, here.engine.dialect.name)
        before = time_pages(here, world)
        with here.worker() as worker:
            run = restore_all(here, world, worker)
        after = time_pages(here, world)
        ledger = _ledger_bytes(here.engine) / run.contacts
    floors = []
    for _ in range(2):
        with made.copy(url) as copy:
            floors.append(bare_restore(copy, size, batches.rest))
    with made.copy(url) as copy, stage(copy) as here:
        job_id = start_all(here, world)[0]
        loop = restore_one_by_one(here.engine, world, job_id, LOOP)

    postgresql = made.kind == "postgresql"
    yield (at_least if judged and postgresql else _ignore_goal)("Contacts a second", run.rate, 25_000)
    yield measured("Contacts a second, bare SQL", mean(floors))
    yield at_least("Part of bare SQL (aim 0.8)", run.rate / mean(floors), 0.6)
    yield measured("Contacts a second, one at a time", loop)
    yield at_least("Times one at a time", run.rate / loop, 20, "×")
    yield at_least("Last tenth, the first being 1", run.last_to_first, 0.8)
    yield at_most("Memory grown since the first tenth", run.grown_mb, 50, "MB")
    longest = max(run.gaps)
    yield at_most("Longest transaction, its rest included", longest, 1 if postgresql else 0.1, "s")
    yield measured("Ledger per million contacts", ledger, "MB")
    yield at_most("Opening the dialog for all of them", run.asked_in_ms, START_MS, "ms")
    yield at_most("Confirming it", run.started_in_ms, START_MS, "ms")
    for page, ms in after.items():
        yield at_most(f"{page} afterwards, before being 1", ms / before[page], 1.5)


def _ignore_goal(what: str, value: float, goal: float) -> Figure:
    return measured(what, value)


def start_all(here: Stage, world: World) -> tuple[int, float, float]:
    """Confirm "Restore all contacts" on the pages; the job's id, and the ms of the dialog and of
    confirming."""
    browser = Browser(here.app, world.admin)
    dialog, asked = timed(lambda: browser.get(ASK_ABOUT_ALL))
    button = dialog.one("form[action='/restores'] button")
    form = button.find_parent("form")
    assert form is not None
    answer, confirmed = timed(lambda: browser.submit(dialog, form, button=button))
    return job_of(answer), asked, confirmed


def restore_all(here: Stage, world: World, worker: WorkerProcess) -> RestoreRun:
    """Start a restore of all deleted contacts, and measure it until it ends."""
    wait_until(lambda: worker.child("restore"))
    job_id, asked, started = start_all(here, world)
    memory = list(watch_memory(here.engine, job_id, worker))
    end = time.time()
    with Session(here.engine) as session:
        job = session.get_one(Job, job_id)
        assert job.state == "done", job.reason
        assert job.started_at is not None
        begun = job.started_at.timestamp()
        at = session.scalars(select(JobBatch.at).where(JobBatch.job_id == job_id).order_by(JobBatch.id)).all()
        return RestoreRun(
            contacts=job.processed,
            seconds=end - begun,
            moments=[*map(datetime.timestamp, at), end],
            memory=memory,
            started_in_ms=started,
            asked_in_ms=asked,
        )


def watch_memory(engine: Engine, job_id: int, worker: WorkerProcess) -> Iterator[int]:
    """Samples of the horse's resident memory until the job has ended.

    A sample costs time, too, so the interval is a hundredth of the time passed.
    """
    begun, passed = time.monotonic(), 0.0
    horse = psutil.Process(worker.wait_for_a_horse())
    while is_active(engine, job_id):
        with suppress(psutil.NoSuchProcess):
            yield horse.memory_info().rss
        time.sleep(max(0.01, passed / 100))
        passed = time.monotonic() - begun
        assert passed < PATIENCE


def time_pages(here: Stage, world: World) -> dict[str, float]:
    """The median ms of the first pages of the deleted contacts and of the overview."""
    browser = Browser(here.app, world.admin)
    paths = {"Restore Contacts": "/contacts/restore", "Contacts Overview": "/contacts"}
    return {
        name: median(timed(lambda path=path: browser.client.get(path))[1] for _ in range(15))
        for name, path in paths.items()
    }


def timed(act: Callable[[], Answer]) -> tuple[Answer, float]:
    """The result of `act`, and how many ms it took."""
    begun = time.perf_counter()
    answer = act()
    return answer, (time.perf_counter() - begun) * 1000


def is_active(engine: Engine, job_id: int) -> bool:
    """Whether the job has not ended."""
    with engine.connect() as connection:
        return connection.scalar(select(Job.state).where(Job.id == job_id)) in ACTIVE


def _ledger_bytes(engine: Engine) -> float:
    """The size of the ledger with its indexes."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            size = text("SELECT pg_total_relation_size('restore_outcome')")
        else:
            size = text(
                "SELECT sum(pgsize) FROM dbstat WHERE name IN"
                " (SELECT name FROM sqlite_master WHERE tbl_name = 'restore_outcome')"
            )
        return float(connection.scalar(size) or 0)
