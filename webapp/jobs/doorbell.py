"""Ringing the worker, after the commit of what it should look at."""

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

log = structlog.get_logger()

RESTORE, WORK = "restore", "work"
QUEUES = (RESTORE, WORK)


def queue(name: str, redis: Redis) -> Queue:
    """The queue, with plain JSON in it: nothing that a later version could not unpickle."""
    return Queue(name, connection=redis, serializer=JSONSerializer)


class Doorbell:
    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def ring(self, job_id: int) -> None:
        """Ask a worker to look at restore job `job_id`.

        Never fails: where Redis is away the job stays queued, and the reconciler rings for it.
        """
        try:
            queue(RESTORE, self.redis).enqueue(
                "webapp.jobs.tasks.restore",
                job_id,
                # RQ's own time-out (180 s) would kill a long restore; the lease is what watches over it.
                job_timeout=-1,
                # Nothing is kept in RQ that the database does not know better.
                result_ttl=0,
                failure_ttl=24 * 3600,
            )
        except RedisError:
            log.warning("ring_lost", job=job_id, exc_info=True)
