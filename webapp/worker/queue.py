"""The queues, and ringing a worker after the commit of what it should look at."""

import structlog
from redis import Redis
from redis.exceptions import RedisError

from webapp.worker.kinds import KINDS
from webapp.worker.message import CARRY_OUT, SEND_MAIL, WORK_OFF, Call, queue

log = structlog.get_logger()

# The steps of automations, and messages. They are rows that are due, not jobs. A mail server that does not
# answer holds up the queue of messages and no other.
DUE, MAIL = "work", "mail"
QUEUES = tuple(dict.fromkeys([*(work.queue for work in KINDS.values()), DUE, MAIL]))


class Doorbell:
    """Rings workers. It never fails: where Redis is away, the supervisor rings later."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def ring(self, kind: str, job_id: int) -> None:
        """Ask a worker of the kind's queue to look at job `job_id`. Does nothing for a kind of a later
        release."""
        if kind in KINDS:
            self._ring(KINDS[kind].queue, Call(CARRY_OUT, (job_id,)))

    def ring_for_due(self) -> bool:
        """Ask workers to look for automations and messages that are due. Returns False where Redis is
        away."""
        return self._ring(DUE, Call(WORK_OFF)) and self.ring_for_mail()

    def ring_for_mail(self) -> bool:
        """Ask a worker to look for messages that are due. Returns False where Redis is away."""
        return self._ring(MAIL, Call(SEND_MAIL))

    def _ring(self, name: str, call: Call) -> bool:
        try:
            queue(name, self.redis).ring(call)
        except RedisError as error:
            log.warning(
                "ring_lost", queue=name, arguments=call.numbers, error=f"{type(error).__name__}: {error}"
            )
            return False
        except Exception:
            # Redis is not trusted, and the job is committed: whatever lies there, the job has begun.
            log.exception("ring_lost", queue=name, arguments=call.numbers)
            return False
        return True
