"""A whole bin restored by a real worker, beside the floor in bare SQL and the naive loop."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from statistics import mean, median
from typing import TypeVar

import psutil
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, at_most, without_goal
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

# Enough for the last batches of a restore on a busy machine.
PATIENCE = 900.0
LOOP = 1000
# "Confirming answers in under 300 ms."
START_MS = 300
# After a tenth of the contacts a process has all the memory that it needs at first.
WARM = 10


@dataclass(frozen=True)
class RestoreFigures:
    """The measurements of one restore."""

    contacts: int
    seconds: float
    # The times at which its batches began, and the end of the last one.
    moments: Sequence[float]
    memory: Sequence[int]
    started_in_ms: float
    asked_in_ms: float

    @property
    def rate(self) -> float:
        return self.contacts / self.seconds

    @property
    def gaps(self) -> list[float]:
        """How long each batch took, its rest included."""
        return [end - begin for begin, end in pairwise(self.moments)]

    @property
    def last_to_first(self) -> float:
        """The speed of the last tenth of the full batches, relative to the first tenth."""
        full = self.gaps[:-1]
        tenth = max(1, len(full) // 10)
        return mean(full[:tenth]) / mean(full[-tenth:])

    @property
    def grown_mb(self) -> float:
        """By how much the process has grown since a tenth of the contacts."""
        warm = self.memory[len(self.memory) // WARM :]
        return (max(warm) - warm[0]) / 1e6 if warm else 0.0


def measure(made: Databases, url: str, world: World, *, judged: bool) -> Iterator[Figure]:
    """Figures of a restore of all that is in the bin of copies of the database at `url`.

    `judged` says whether the size is the one that the absolute goals are for.
    """
    with made.copy(url) as copy, stage(copy) as here:
        batches = here.services.batches
        size = batches.size_for(RESTORE.batch_sizes, here.engine.dialect.name)

    def bare() -> float:
        with made.copy(url) as copy:
            return bare_restore(copy, size, batches.rest)

    # One before and one after: what the machine does besides gets slower or faster meanwhile.
    floors = [bare()]
    with made.copy(url) as copy, stage(copy) as here:
        before = pages_ms(here, world)
        with here.worker() as worker:
            restored = restore_all(here, world, worker)
        after = pages_ms(here, world)
        ledger = _ledger_bytes(here.engine) / restored.contacts
    floors.append(bare())
    with made.copy(url) as copy, stage(copy) as here:
        job_id = start_all(here, world)[0]
        loop = restore_one_by_one(here.engine, world, job_id, LOOP)

    postgresql = made.kind == "postgresql"
    yield (at_least if judged and postgresql else _ignoring_goal)("Contacts a second", restored.rate, 25_000)
    yield without_goal("Contacts a second, bare SQL", mean(floors))
    yield at_least("Part of bare SQL (aim 0.8)", restored.rate / mean(floors), 0.6)
    yield without_goal("Contacts a second, one at a time", loop)
    yield at_least("Times one at a time", restored.rate / loop, 20, "×")
    yield at_least("Last tenth, the first being 1", restored.last_to_first, 0.8)
    yield at_most("Memory grown since the first tenth", restored.grown_mb, 50, "MB")
    longest = max(restored.gaps)
    yield at_most("Longest transaction, its rest included", longest, 1 if postgresql else 0.1, "s")
    yield without_goal("Ledger per million contacts", ledger, "MB")
    yield at_most("Opening the dialog for all of them", restored.asked_in_ms, START_MS, "ms")
    yield at_most("Confirming it", restored.started_in_ms, START_MS, "ms")
    for page, ms in after.items():
        yield at_most(f"{page} afterwards, before being 1", ms / before[page], 1.5)


def _ignoring_goal(what: str, value: float, goal: float) -> Figure:
    return without_goal(what, value)


def start_all(here: Stage, world: World, matching: str = "") -> tuple[int, float, float]:
    """Confirm "Restore all contacts" on the pages, of those that these filters of an address match; the job,
    and how many ms asking and confirming took."""
    browser = Browser(here.app, world.admin)
    dialog, asked = timed(lambda: browser.get(f"{ASK_ABOUT_ALL}?{matching}"))
    button = dialog.one("form[action='/restores'] button")
    form = button.find_parent("form")
    assert form is not None
    answer, confirmed = timed(lambda: browser.submit(dialog, form, button=button))
    return job_of(answer), asked, confirmed


def restore_all(here: Stage, world: World, worker: WorkerProcess, matching: str = "") -> RestoreFigures:
    """Start a restore of the whole bin, or of those that these filters match, and watch it to its end."""
    wait_until(lambda: worker.child("restore"))
    job_id, asked, started = start_all(here, world, matching)
    memory = list(watch_to_the_end(here.engine, job_id, worker))
    end = time.time()
    with Session(here.engine) as session:
        job = session.get_one(Job, job_id)
        assert job.state == "done", job.reason
        assert job.started_at is not None
        begun = job.started_at.timestamp()
        at = session.scalars(select(JobBatch.at).where(JobBatch.job_id == job_id).order_by(JobBatch.id)).all()
        return RestoreFigures(
            contacts=job.processed,
            seconds=end - begun,
            moments=[*map(datetime.timestamp, at), end],
            memory=memory,
            started_in_ms=started,
            asked_in_ms=asked,
        )


def watch_to_the_end(engine: Engine, job_id: int, worker: WorkerProcess) -> Iterator[int]:
    """The resident memory of the process that carries the job out, again and again until the job has ended.

    Measuring costs time too, so the intervals are a hundredth of the time that has passed.
    """
    begun, passed = time.monotonic(), 0.0
    horse = psutil.Process(worker.wait_for_a_horse())
    while is_active(engine, job_id):
        with suppress(psutil.NoSuchProcess):
            yield horse.memory_info().rss
        time.sleep(max(0.01, passed / 100))
        passed = time.monotonic() - begun
        assert passed < PATIENCE


def pages_ms(here: Stage, world: World) -> dict[str, float]:
    """The median time of the first pages of the bin and of the overview, in ms."""
    browser = Browser(here.app, world.admin)
    paths = {"Restore Contacts": "/contacts/restore", "Contacts Overview": "/contacts"}
    return {
        name: median(timed(partial(browser.client.get, path))[1] for _ in range(15))
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
