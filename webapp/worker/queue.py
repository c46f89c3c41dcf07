"""The queues, and ringing a worker after the commit of what it should look at."""

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer

from webapp.worker.kinds import KINDS

log = structlog.get_logger()

# The steps of automations, and messages. They are rows that are due, not jobs. A mail server that does not
# answer holds up the queue of messages and no other.
DUE, MAIL = "work", "mail"
QUEUES = tuple(dict.fromkeys([*(work.queue for work in KINDS.values()), DUE, MAIL]))

# By their old names for this release: workers of the previous one know no others (webapp/worker/tasks.py).
CARRY_OUT = "webapp.jobs.tasks.restore"
WORK_OFF = "webapp.jobs.tasks.work"
SEND_MAIL = "webapp.worker.tasks.send_mail"


def queue(name: str, redis: Redis) -> Queue:
    """The queue, with plain JSON in it: nothing that a later version could not unpickle."""
    return Queue(name, connection=redis, serializer=JSONSerializer)


class Doorbell:
    """Rings workers. It never fails: where Redis is away, the supervisor rings later."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def ring(self, kind: str, job_id: int) -> None:
        """Ask a worker of the kind's queue to look at job `job_id`. Does nothing for a kind of a later
        release."""
        if kind in KINDS:
            self._enqueue(KINDS[kind].queue, CARRY_OUT, job_id)

    def ring_for_due(self) -> bool:
        """Ask workers to look for automations and messages that are due. Returns False where Redis is
        away."""
        return self._enqueue(DUE, WORK_OFF) and self.ring_for_mail()

    def ring_for_mail(self) -> bool:
        """Ask a worker to look for messages that are due. Returns False where Redis is away."""
        return self._enqueue(MAIL, SEND_MAIL)

    def _enqueue(self, name: str, function: str, *arguments: int) -> bool:
        """Send the message, unless the same one is waiting: it will be read after this moment.

        A second message would stay for as long as its job takes turns with others, and give it two turns.
        """
        try:
            waiting = queue(name, self.redis)
            if any(_says(message, function, arguments) for message in waiting.get_jobs()):
                return True
            waiting.enqueue(
                function,
                *arguments,
                # RQ's own time-out (180 s) would kill a long job. The lease in the database watches over it.
                job_timeout=-1,
                # RQ keeps nothing that the database knows better.
                result_ttl=0,
                failure_ttl=24 * 3600,
            )
        except RedisError as error:
            log.warning(
                "ring_lost", queue=name, arguments=arguments, error=f"{type(error).__name__}: {error}"
            )
            return False
        return True


def _says(message: Job, function: str, arguments: tuple[int, ...]) -> bool:
    try:
        return message.func_name == function and tuple(message.args) == arguments
    except DeserializationError:
        # It is none of ours.
        return False
