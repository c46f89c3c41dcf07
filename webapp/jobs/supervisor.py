"""The worker's supervising process: one RQ worker process for each queue, restarted when it dies, and the
reconciler between them. It never exits because Redis or the database is away.
"""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from time import monotonic
from types import FrameType

import structlog
from flask import Flask

from webapp.extensions import db
from webapp.jobs.doorbell import QUEUES
from webapp.jobs.services import services
from webapp.jobs.settings import WorkerSettings
from webapp.marketing.due import due_workspaces
from webapp.restoring.recover import keep_keys, unheard
from webapp.restoring.start import LeaseUnavailable

log = structlog.get_logger()


@dataclass
class Child:
    """One worker process and when to start it again."""

    queue_name: str
    settings: WorkerSettings
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    backoff: float = 0.0

    def start(self) -> None:
        # The child reads its standard input to the end: it ends when this process does, however it dies.
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(sys.argv[0]), self.queue_name], stdin=subprocess.PIPE
        )
        self.started = monotonic()
        log.info("worker_started", queue=self.queue_name, pid=self.process.pid)

    def look_after(self) -> None:
        """Notice the process's death and start another when its time has come."""
        if self.process is not None and self.process.poll() is not None:
            steady = monotonic() - self.started >= self.settings.steady_after
            longer = min(self.backoff * 2, self.settings.longest_backoff)
            self.backoff = self.settings.first_backoff if steady else max(self.settings.first_backoff, longer)
            self.start_at = monotonic() + self.backoff
            log.warning(
                "worker_died", queue=self.queue_name, code=self.process.returncode, again_in=self.backoff
            )
            self.process = None
        if self.process is None and monotonic() >= self.start_at:
            self.start()

    def stop(self, deadline: float) -> None:
        """Wait until `deadline` for the process, which has been told to go; then end it."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Supervisor:
    """Keeps a worker for each queue of `app` running."""

    def __init__(self, app: Flask, settings: WorkerSettings) -> None:
        self.app = app
        self.patience = settings.patience
        self.children = [Child(name, settings) for name in QUEUES]
        self.stopping = threading.Event()

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT, then see the children out."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        reconciler = threading.Thread(target=self._reconcile, name="reconciler", daemon=True)
        reconciler.start()
        while not self.stopping.is_set():
            for child in self.children:
                child.look_after()
            self.stopping.wait(0.5)
        deadline = monotonic() + self.patience
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        for child in self.children:
            child.stop(deadline)
        reconciler.join(timeout=5)
        log.info("supervisor_stopped")

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping.set()

    def _reconcile(self) -> None:
        with self.app.app_context():
            every = services().reconcile_seconds
        # At the start at once: what the last worker was told may have gone with its Redis.
        at_start = True
        while not self.stopping.is_set():
            try:
                with self.app.app_context():
                    reconcile(even_just_rung=at_start)
                at_start = False
            except LeaseUnavailable:
                log.warning("redis_away", why="the keys of active jobs could not be kept")
            except Exception:
                # Whatever is away comes back; a supervisor that stopped looking would not.
                log.exception("reconcile_failed")
            self.stopping.wait(every)


def reconcile(*, even_just_rung: bool = False) -> list[int]:
    """Ring again for jobs that nobody runs and for what is due, and keep the keys of active jobs; the ids of
    the jobs that were rung.

    Raises what the database raises, and LeaseUnavailable.
    """
    s = services()
    session = db.session()
    rung = unheard(session, ring_seconds=0 if even_just_rung else s.ring_seconds)
    for job in rung:
        log.warning("rung_again", workspace=job.workspace_id, job=job.job_id, attempt=job.fence)
        s.doorbell.ring(job.job_id)
    keep_keys(session, s.lease)
    # Waits end by the clock, and nobody rings for them but this.
    if due_workspaces(session):
        s.doorbell.ring_for_work()
    session.rollback()
    return [job.job_id for job in rung]


def die_with_parent() -> None:
    """In a child: end this process gently when the supervisor is gone, however it went."""

    def watch() -> None:
        # Not through sys.stdin: its lock, held by this thread for ever, would crash the interpreter's exit.
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
