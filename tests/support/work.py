"""A worker in the test's process: real jobs from real Redis, until the queues are empty."""

from flask import Flask
from redis import Redis
from rq import SimpleWorker

from webapp.restoring.work import RESTORE
from webapp.worker import tasks  # noqa: F401  (messages name its functions, some by an old name)
from webapp.worker.connection import connect
from webapp.worker.kinds import KINDS
from webapp.worker.message import CARRY_OUT, TakesMessages, queue
from webapp.worker.queue import QUEUES


class HereWorker(TakesMessages, SimpleWorker):
    """It carries out in this process what the real one carries out in a child."""


def run_worker(app: Flask) -> None:
    with app.app_context():
        redis = connect(app.config["REDIS_URL"], patient=True)
        queues = [queue(name, redis) for name in QUEUES]
        HereWorker(queues, connection=redis, serializer=queues[0].serializer).work(
            burst=True, logging_level="WARNING"
        )


def send_message(redis: Redis, job_id: int, kind: str = RESTORE.kind) -> None:
    """Queue a message for a job, even if one is waiting already: the doorbell would not."""
    queue(KINDS[kind].queue, redis).enqueue(CARRY_OUT, job_id, job_timeout=-1, result_ttl=0)
