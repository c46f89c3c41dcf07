"""The worker's supervising process: it forks the RQ worker processes of each queue and the watch, and forks
those again that die. It never exits because Redis or the database is away.
"""

import gc
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from mmap import mmap
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from time import monotonic
from types import FrameType

import structlog
from flask import Flask
from sqlalchemy.orm import configure_mappers

from webapp.restoring.work import RESTORE
from webapp.worker.queue import QUEUES
from webapp.worker.rq_worker import run_worker
from webapp.worker.settings import WorkerSettings
from webapp.worker.watch import watch

log = structlog.get_logger()

STEADY_SECONDS = 3.0
# Between two looks at the children, at the longest.
TICK_SECONDS = 0.5
WATCH = "watch"
# Forks also where another way has become the default.
FORK = get_context("fork")


@dataclass
class Child:
    """A process that is forked from this one, and when to fork it again."""

    name: str
    act: Callable[[], None]
    settings: WorkerSettings
    process: ForkProcess | None = None
    started: float = 0.0
    start_at: float = 0.0
    backoff: float = 0.0

    def start(self) -> None:
        self.process = FORK.Process(target=self.act)
        self.process.start()
        self.started = monotonic()
        log.info("worker_started", queue=self.name, pid=self.process.pid)

    @property
    def is_steady(self) -> bool:
        """Whether it has outlived its start: a worker that finds no Redis ends within a second or two."""
        process = self.process
        return process is not None and process.is_alive() and monotonic() - self.started >= STEADY_SECONDS

    def look_after(self) -> None:
        """Notice the process's death, and start another when its time has come."""
        if self.process is not None and self.process.exitcode is not None:
            steady = monotonic() - self.started >= self.settings.steady_after
            longer = min(self.backoff * 2, self.settings.longest_backoff)
            self.backoff = self.settings.first_backoff if steady else max(self.settings.first_backoff, longer)
            self.start_at = monotonic() + self.backoff
            log.warning("worker_died", queue=self.name, code=self.process.exitcode, again_in=self.backoff)
            self.process.close()
            self.process = None
        if self.process is None and monotonic() >= self.start_at:
            self.start()

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.is_alive():
            self.process.terminate()

    def stop(self, deadline: float) -> None:
        """Wait until `deadline` for the process, which has been told to stop; then kill it."""
        if self.process is None:
            return
        self.process.join(max(0.1, deadline - monotonic()))
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()


class Supervisor:
    """Keeps the processes of `app` running: `restore_workers` for restores, one for each other queue, and the
    watch.

    It imports and makes the app, and forks what it starts: its processes share what has been loaded, and
    begin at once. A fork copies one thread only, and connections belong to one process: so this process has
    neither other threads nor connections, and the watch does what needs them.
    """

    def __init__(self, app: Flask, settings: WorkerSettings) -> None:
        self.app = app
        self.settings = settings
        queues = dict.fromkeys(QUEUES, 1) | {RESTORE.queue: settings.restore_workers}
        self.workers = [
            self._child(name, partial(run_worker, app, name, settings))
            for name, number in queues.items()
            for _ in range(number)
        ]
        # For each of them, whether it is steady. The watch reads what this process writes.
        self.steady = mmap(-1, len(self.workers))
        self.children = [*self.workers, self._child(WATCH, self._watch)]
        self.is_stopping = False
        # What is written there ends a wait.
        self.asked, self.ask = os.pipe()
        # The children read it to its end, which comes when this process ends, however it does.
        self.lifeline, self.held = os.pipe()

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT, then wait for the children to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        configure_mappers()
        # No collector of a child touches what has been loaded, and so copies it.
        gc.collect()
        gc.freeze()
        while not self.is_stopping:
            for child in self.children:
                child.look_after()
            for place, worker in enumerate(self.workers):
                self.steady[place] = worker.is_steady
            ends = [child.process.sentinel for child in self.children if child.process]
            wait([self.asked, *ends], TICK_SECONDS)
        deadline = monotonic() + self.settings.patience
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.stop(deadline)
        log.info("supervisor_stopped")

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True
        os.write(self.ask, b".")

    def _child(self, name: str, act: Callable[[], None]) -> Child:
        return Child(name, partial(self._begin, name, act), self.settings)

    def _begin(self, name: str, act: Callable[[], None]) -> None:
        """In a child that has just been forked."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.close(self.held)
        die_with_parent(self.lifeline)
        # For `ps -o comm` and `top`, where there is such a file.
        with suppress(OSError):
            Path("/proc/self/comm").write_text(f"worker {name}")
        act()

    def _watch(self) -> None:
        watch(self.app, lambda: {each.name for each, on in zip(self.workers, self.steady, strict=True) if on})


def die_with_parent(lifeline: int) -> None:
    """In a child: stop this process when the other end of `lifeline` is closed, because the supervisor has
    ended, however it ended."""

    def watch() -> None:
        while os.read(lifeline, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
