"""The watch: a process that looks for stalled jobs and for what is due, and writes the heartbeat."""

import signal
import threading
from collections.abc import Callable, Collection
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
from webapp.worker.kinds import KINDS
from webapp.worker.ringing import ring_for_stalled
from webapp.worker.scheduling import start_purges
from webapp.worker.services import services

log = structlog.get_logger()

# So many heartbeats may be lost before pages say that no worker runs.
BEATS_UNTIL_SILENCE = 6


def watch(app: Flask, running: Callable[[], Collection[str]]) -> None:
    """Look and write until SIGTERM. It never ends because Redis or the database is away.

    :param running: tells the queues whose workers run now
    """
    Watch(app, running).run()


class Watch:
    def __init__(self, app: Flask, running: Callable[[], Collection[str]]) -> None:
        self.app, self.running = app, running
        self.stopping = threading.Event()
        self.is_new = True
        with app.app_context():
            self.reconcile_seconds = services().reconcile_seconds
            self.beat_seconds = services().silence_seconds / BEATS_UNTIL_SILENCE

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        # The terminal's Ctrl-C is left to the supervisor.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # In a thread of its own, so that a slow Redis does not make the workers look silent.
        beating = threading.Thread(
            target=self._repeat, args=(self.beat_seconds, self._beat), name="beat", daemon=True
        )
        beating.start()
        self._repeat(self.reconcile_seconds, self._reconcile)
        beating.join(timeout=5)

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
                # What is away comes back. A watch that stopped looking would not.
                log.exception(f"{act.__name__.lstrip('_')}_failed")
                if not isinstance(error, DATABASE_TROUBLE):
                    report(error)
            self.stopping.wait(every)

    def _reconcile(self) -> None:
        # The first time at once: what the last worker was told may have been lost with its Redis.
        reconcile(even_just_rung=self.is_new)
        self.is_new = False

    def _beat(self) -> None:
        if running := self.running():
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
