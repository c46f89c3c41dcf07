"""The worker in the test's own process: real jobs from real Redis, until the queues are empty."""

from flask import Flask
from rq import SimpleWorker

from webapp.jobs.connection import connect
from webapp.jobs.doorbell import QUEUES, queue


def work_off(app: Flask) -> None:
    with app.app_context():
        redis = connect(app.config["REDIS_URL"], patient=True)
        queues = [queue(name, redis) for name in QUEUES]
        SimpleWorker(queues, connection=redis, serializer=queues[0].serializer).work(
            burst=True, logging_level="WARNING"
        )
