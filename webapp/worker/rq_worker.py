"""An RQ worker for one queue, in a process of its own."""

import gc
import os
import signal
from contextlib import suppress
from typing import Any

import structlog
from flask import Flask
from redis import RedisError
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from webapp.database import set_transaction_timeouts
from webapp.extensions import db
from webapp.jobs.claim import release_dead
from webapp.jobs.interruption import WORKER_DIED
from webapp.models.job import Note
from webapp.reporting import report
from webapp.worker import shutdown, tasks  # noqa: F401  (messages name its functions, some by an old name)
from webapp.worker.connection import connect
from webapp.worker.message import CARRY_OUT, Message, TakesMessages
from webapp.worker.runner import runner_name
from webapp.worker.services import services
from webapp.worker.settings import WorkerSettings

log = structlog.get_logger()

# Of a horse, as `nice` counts: on a machine that also has the pages, they go first. Not further down: others
# wait for what a batch has locked, so it must not stand still beside busy pages.
NICENESS = 5


class GentleWorker(TakesMessages, Worker):
    """RQ's forking worker, whose work horse finishes its batch before it exits.

    The plain horse dies of SIGTERM at once. Heroku sends SIGTERM to every process, other hosts only to the
    parent: the horse sets a flag, and the parent passes the signal on, so both ways end the same.
    """

    # How the last horse ended, as wait() tells it, and its number.
    death: tuple[int, int] | None = None

    def setup_work_horse_signals(self) -> None:
        # A signal between the fork and this line has reached the handler that the child inherited.
        shutdown.listen(parent=self.pid or 0, asked=self._stop_requested)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        super().fork_work_horse(job, queue)
        if self._stop_requested:
            # The signal came while there was no child yet to pass it on to.
            self.handle_warm_shutdown_request()

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        give_way()
        # Connections that came over with the fork belong to the parent: leave them alone, open others.
        db.engine.dispose(close=False)
        super().main_work_horse(job, queue)

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:
        # The horse alone: RQ signals its process group, which right after the fork is still ours, and the
        # supervisor's. It may have died in this very moment.
        with suppress(ProcessLookupError):
            os.kill(self.horse_pid, sig)

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        pid, status, usage = super().wait_for_horse()
        if pid and status:
            self.death = pid, status
        return pid, status, usage

    def monitor_work_horse(self, job: Job, queue: Queue, execution: Execution) -> None:
        self.death = None
        try:
            super().monitor_work_horse(job, queue, execution)
        finally:
            # Its parent has seen the horse die, whatever Redis knows of it.
            if self.death and job.func_name == CARRY_OUT:
                release_what_died(job.args[0], *self.death)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError:
            # RQ would exit, and leave the horse without a parent. The job needs no Redis to go on.
            log.warning("heartbeat_missed")


def give_way() -> None:
    """Let this process come after the pages', where its host lets a process say so: our units of systemd do
    not, and start the whole worker that way."""
    with suppress(OSError):
        os.nice(NICENESS)


def release_what_died(job_id: int, pid: int, status: int) -> None:
    """End the lease of the horse `pid` and ring for the next one, so that no runner waits until it runs
    out."""
    error: Note = (
        {"code": WORKER_DIED, "signal": os.WTERMSIG(status)}
        if os.WIFSIGNALED(status)
        else {"code": WORKER_DIED, "exit_code": os.waitstatus_to_exitcode(status)}
    )
    log.warning("horse_died", job=job_id, pid=pid, error=error)
    if kind := release_dead(db.session(), job_id, runner=runner_name(pid), error=error):
        services().doorbell.ring(kind, job_id)


def report_failure(message: Job, _kind: type[BaseException], error: BaseException, _trace: object) -> None:
    """In the horse, which ends afterwards."""
    assert isinstance(message, Message)
    report(error, now=True, message=f"{message.call.name} {message.call.numbers}")


def run_worker(app: Flask, queue_name: str, settings: WorkerSettings) -> None:
    """Work on `queue_name` until SIGTERM. Raises SystemExit where Redis is away or refuses what a worker
    writes."""
    with app.app_context():
        set_transaction_timeouts(db.engine, settings.idle_in_transaction)
        try:
            worker = GentleWorker(
                [queue_name],
                connection=connect(app.config["REDIS_URL"], patient=True),
                serializer=JSONSerializer,
                job_monitoring_interval=settings.heartbeat,
                worker_ttl=settings.redis_silence,
                log_job_description=False,
            )
            worker.push_exc_handler(report_failure)
            worker.max_connection_wait_time = settings.longest_wait_for_redis
            # What is loaded by now stays for good. A batch makes thousands of small objects, so each horse's
            # collector would go through all of it again and again: that took a third of the horse's time.
            gc.freeze()
            worker.work(logging_level="WARNING")
        except RedisError as error:
            log.error("redis_away", queue=queue_name, why=str(error))
            raise SystemExit(1) from None
