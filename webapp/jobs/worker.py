"""An RQ worker for one queue, in a process of its own."""

import os
import signal

from flask import Flask
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from webapp.extensions import db
from webapp.jobs import shutdown
from webapp.jobs.connection import connect
from webapp.jobs.doorbell import RESTORE
from webapp.jobs.services import services
from webapp.restoring.recover import free


class GentleWorker(Worker):
    """RQ's forking worker, whose work horse finishes its batch before it goes.

    The plain horse dies of SIGTERM at once and spends a retry. Heroku sends SIGTERM to every process, others
    to the parent only: the horse sets a flag, and the parent passes the signal on, so both ways end the same.
    """

    # Found again soon after Redis was away, instead of after RQ's minute.
    max_connection_wait_time = 5.0

    def setup_work_horse_signals(self) -> None:
        # Told to go between the fork and this line, the child heard it with its parent's ears.
        shutdown.listen(asked=self._stop_requested)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        super().fork_work_horse(job, queue)
        if self._stop_requested:
            # Told to go while there was no child yet to pass it on to.
            self.handle_warm_shutdown_request()

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        # Connections that came over with the fork belong to the parent: leave them alone, open others.
        db.engine.dispose(close=False)
        super().main_work_horse(job, queue)

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()
        if self.horse_pid:
            # It may have died in this very moment.
            try:
                os.kill(self.horse_pid, signal.SIGTERM)
            except ProcessLookupError:
                return


def run_worker(app: Flask, queue_name: str) -> None:
    """Work on `queue_name` until SIGTERM. Raises redis.ConnectionError where Redis is away at the start."""

    def free_what_died(job: Job, *_: object) -> None:
        """The horse is dead and its parent lives to see it: nobody need wait for the lease to run out."""
        if job.origin == RESTORE:
            with app.app_context():
                restore_job_id = int(job.args[0])
                if free(db.session(), restore_job_id):
                    services().doorbell.ring(restore_job_id)

    worker = GentleWorker(
        [queue_name],
        connection=connect(app.config["REDIS_URL"], patient=True),
        serializer=JSONSerializer,
        work_horse_killed_handler=free_what_died,
        log_job_description=False,
    )
    with app.app_context():
        worker.work(logging_level="WARNING")
