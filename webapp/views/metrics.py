"""`/metrics` for Prometheus: off unless METRICS_TOKEN is set, and then only for who sends it (docs/adr/0040).

The numbers of jobs and workers come from the database, and the depth of the queues from Redis, when they are
asked for: so every web process gives the same, and no worker has to be reached.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping

from flask import Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs import measures
from webapp.jobs.measures import RECENT
from webapp.time_limits import TookTooLong, time_limit
from webapp.worker.message import queue
from webapp.worker.queue import QUEUES
from webapp.worker.services import services

# What a scrape may take of the database.
SECONDS = 2.0


def metrics() -> ResponseReturnValue:
    """All numbers, as text. 404 where metrics are off, and 401 without the token."""
    token = current_app.config["METRICS_TOKEN"]
    if token is None:
        abort(404)
    given = request.headers.get("Authorization", "")
    if not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return Response("The token is missing or wrong.\n", 401, {"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it gives no types
    registry.register(_Now())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Now(Collector):
    """What is read when it is asked for. What cannot be read is left out, and `restore_up` says so."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("restore_up", "Whether it answers.", labels=["what"])
        for what, collect in (("database", _of_jobs), ("redis", _of_queues)):
            try:
                yield from list(collect())
                up.add_metric([what], 1)
            except (DBAPIError, RedisError, TookTooLong):
                db.session.remove()
                up.add_metric([what], 0)
        yield up


def _gauge(name: str, about: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=[label])
    for value_of, value in values.items():
        family.add_metric([value_of], value)
    return family


def _of_jobs() -> Iterable[Metric]:
    session = db.session()
    session.rollback()
    with time_limit(session, SECONDS):
        now = read_clock(session)
        jobs = GaugeMetricFamily("restore_jobs", "Jobs by kind and state.", labels=["kind", "state"])
        for (kind, state), count in measures.jobs_by_state(session).items():
            jobs.add_metric([kind, state], count)
        ages = measures.lease_ages(session, now, lease=current_app.config["LEASE_SECONDS"])
        waits, paces = measures.waiting_times(session, now), measures.paces(session, now)
        seen = measures.heartbeats(session, now)
    session.rollback()
    seconds = RECENT.total_seconds()
    lately = f"within {seconds / 60:.0f} minutes"
    rates = {kind: pace.items / seconds for kind, pace in paces.items()}
    means = {kind: pace.mean for kind, pace in paces.items()}
    longest = {kind: pace.longest for kind, pace in paces.items()}
    return [
        jobs,
        _gauge("restore_job_lease_age_seconds", "Since the oldest lease was renewed.", "kind", ages),
        _gauge("restore_job_waiting_seconds", "How long the oldest queued job has waited.", "kind", waits),
        _gauge("restore_items_per_second", f"Items, as contacts, a second {lately}.", "kind", rates),
        _gauge("restore_batch_seconds_mean", f"Time of a batch {lately}.", "kind", means),
        _gauge("restore_batch_seconds_max", f"Time of the longest batch {lately}.", "kind", longest),
        _gauge("restore_worker_seen_seconds", "Since the workers of a queue were seen.", "queue", seen),
    ]


def _of_queues() -> Iterable[Metric]:
    redis = services().lock.redis
    depths = {name: float(queue(name, redis).count) for name in QUEUES}
    return [_gauge("restore_queue_depth", "Messages that wait in a queue.", "queue", depths)]
