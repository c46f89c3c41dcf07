"""The worker's supervising process: RQ worker processes for each queue, restarted when they die, and a thread
that rings for stalled jobs and writes the heartbeat. It never exits because Redis or the database is away.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from types import FrameType

import structlog
from flask import Flask

from webapp.contacts.mend import needs_mending
from webapp.extensions import db
from webapp.importing.ledger import erase_old_records
from webapp.jobs.files import erase_old_files
from webapp.jobs.heartbeat import beat
from webapp.jobs.interruption import DATABASE_TROUBLE
from webapp.jobs.line import promote_waiting
from webapp.jobs.lock import LockUnavailable
from webapp.jobs.private import erase_old
from webapp.jobs.recover import adopt_jobs, renew_keys
from webapp.marketing.due import due_workspaces
from webapp.people.links import erase_old_links
from webapp.people.security_mail import erase_old_notices
from webapp.people.sessions import end_old
from webapp.reporting import report
from webapp.restoring.work import RESTORE
from webapp.worker.kinds import KINDS
from webapp.worker.queue import QUEUES
from webapp.worker.ringing import ring_for_stalled
from webapp.worker.scheduling import start_purges
from webapp.worker.services import services
from webapp.worker.settings import WorkerSettings

log = structlog.get_logger()

STEADY_SECONDS = 3.0
# So many heartbeats may be lost before pages say that no worker runs.
BEATS_UNTIL_SILENCE = 6


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

    @property
    def is_running(self) -> bool:
        process = self.process
        return process is not None and process.poll() is None

    @property
    def is_steady(self) -> bool:
        """Whether it has outlived its start: a worker that finds no Redis ends within a second or two."""
        return self.is_running and monotonic() - self.started >= STEADY_SECONDS

    def look_after(self) -> None:
        """Notice the process's death, and start another when its time has come."""
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
        """Wait until `deadline` for the process, which has been told to stop; then kill it."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Supervisor:
    """Keeps the worker processes of `app` running: `restore_workers` for restores, one for each other
    queue."""

    def __init__(self, app: Flask, settings: WorkerSettings) -> None:
        self.app = app
        self.patience = settings.patience
        processes = dict.fromkeys(QUEUES, 1) | {RESTORE.queue: settings.restore_workers}
        self.children = [Child(name, settings) for name, number in processes.items() for _ in range(number)]
        self.stopping = threading.Event()
        self.is_new = True
        with app.app_context():
            self.reconcile_seconds = services().reconcile_seconds
            self.beat_seconds = services().silence_seconds / BEATS_UNTIL_SILENCE

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT, then wait for the children to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        threads = [
            threading.Thread(target=self._repeat, args=(every, act), name=act.__name__, daemon=True)
            for every, act in (
                (self.reconcile_seconds, self._reconcile),
                (self.beat_seconds, self._beat),
            )
        ]
        for thread in threads:
            thread.start()
        while not self.stopping.is_set():
            for child in self.children:
                child.look_after()
            self.stopping.wait(0.5)
        deadline = monotonic() + self.patience
        for child in self.children:
            if child.process is not None and child.is_running:
                child.process.terminate()
        for child in self.children:
            child.stop(deadline)
        for thread in threads:
            thread.join(timeout=5)
        log.info("supervisor_stopped")

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping.set()

    def _repeat(self, every: float, act: Callable[[], None]) -> None:
        while not self.stopping.is_set():
            try:
                with self.app.app_context():
                    act()
            except LockUnavailable:
                log.warning("redis_away", effect="the keys of active jobs could not be renewed")
            except Exception as error:
                # What is away comes back. A supervisor that stopped looking would not.
                log.exception(f"{act.__name__.lstrip('_')}_failed")
                if not isinstance(error, DATABASE_TROUBLE):
                    report(error)
            self.stopping.wait(every)

    def _reconcile(self) -> None:
        # The first time at once: what the last worker was told may have been lost with its Redis.
        reconcile(even_just_rung=self.is_new)
        self.is_new = False

    def _beat(self) -> None:
        """In a thread of its own, so that a slow Redis does not make the workers look silent."""
        if running := {child.queue_name for child in self.children if child.is_steady}:
            beat(db.session(), running)


def reconcile(*, even_just_rung: bool = False) -> list[int]:
    """Promote jobs in line that were missed, ring again for stalled jobs and for what is due, erase private
    texts, links, notices and sessions whose time has passed, renew the keys of active jobs, and start the
    purges that are due. Returns the ids of the jobs that were rung again for.

    Raises what the database raises, and LockUnavailable.
    """
    s = services()
    session = db.session()
    promote_waiting(session)
    stalled = ring_for_stalled(even_just_rung=even_just_rung)
    for job in stalled:
        log.warning(
            "rung_again", kind=job.kind, workspace=job.workspace_id, job=job.job_id, attempt=job.fence
        )
    adopt_jobs(session, KINDS)
    erase_old(session)
    erase_old_files(session)
    erase_old_records(session)
    erase_old_links(session)
    erase_old_notices(session)
    end_old(session)
    # Waits end by the clock, and nothing but this rings for them or for what a deployment left to mend.
    if due_workspaces(session) or needs_mending(session):
        s.doorbell.ring_for_due()
    elif s.mail.anything_due(session):
        s.doorbell.ring_for_mail()
    session.rollback()
    renew_keys(session, s.lock)
    session.rollback()
    # Last, because it needs Redis, and nothing else must wait for it.
    start_purges(session)
    return [job.job_id for job in stalled]


def die_with_parent() -> None:
    """In a child: stop this process when the supervisor has ended, however it ended."""

    def watch() -> None:
        # Not through sys.stdin: this thread would hold its lock for ever, which crashes the interpreter's
        # exit.
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
