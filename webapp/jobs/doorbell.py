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
        self._enqueue(RESTORE, "webapp.jobs.tasks.restore", job_id)

    def ring_for_work(self) -> bool:
        """Ask a worker to look for automations and campaigns that are due; never fails either.

        Returns False where Redis is away: then the supervisor rings for what is due. A message that nobody
        has taken yet says it already: it will be read after this moment.
        """
        return self._enqueue(WORK, "webapp.jobs.tasks.work", once=True)

    def _enqueue(self, name: str, function: str, *arguments: int, once: bool = False) -> bool:
        try:
            waiting = queue(name, self.redis)
            if once and waiting.count:
                return True
            waiting.enqueue(
                function,
                *arguments,
                # RQ's own time-out (180 s) would kill a long job; what is in the database watches over it.
                job_timeout=-1,
                # Nothing is kept in RQ that the database does not know better.
                result_ttl=0,
                failure_ttl=24 * 3600,
            )
        except RedisError as error:
            log.warning("ring_lost", queue=name, arguments=arguments, why=f"{type(error).__name__}: {error}")
            return False
        return True
