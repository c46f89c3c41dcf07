"""What a worker takes from a queue: a message that names one of our functions and a few whole numbers.

Redis is not trusted (docs/adr/0039). RQ takes much more from a message, and with it a person who can write to
Redis would run code: it imports the function by its dotted name, and callbacks as well; it calls addresses of
the web; other serializers unpickle. So a message is read here and not by RQ: its bytes become a `Call` or
nothing, and everything else in it is left unread.
"""

import json
import re
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import ResponseError
from rq import Queue, worker_registration
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.utils import import_attribute, now
from rq.worker import BaseWorker

from webapp.numbers import LARGEST_ID

log = structlog.get_logger()

# By their old names for this release: workers of the previous one know no others (webapp/worker/tasks.py).
CARRY_OUT = "webapp.jobs.tasks.restore"
WORK_OFF = "webapp.jobs.tasks.work"
SEND_MAIL = "webapp.worker.tasks.send_mail"
# Everything that a message can call, with how many numbers it takes.
FUNCTIONS: Mapping[str, int] = {CARRY_OUT: 1, WORK_OFF: 0, SEND_MAIL: 0}

# Ours have a fifth of it. Compressed, a few bytes could become a gigabyte.
LONGEST = 1000
# Seconds: for a person who looks at what has failed.
FAILURES_KEPT = 24 * 3600
# So many waiting messages are compared with a new one.
LOOKED_AT = 1000
NAME_OF_A_QUEUE = re.compile(r"[a-z_]{1,20}")


@dataclass(frozen=True)
class Call:
    """A function of ours with its numbers."""

    name: str = ""
    numbers: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return self.name in FUNCTIONS

    def to_data(self) -> bytes:
        """As RQ writes it."""
        return json.dumps([self.name, None, self.numbers, {}]).encode()


# What any other message calls. No worker carries it out.
REFUSED = Call()


def read_call(data: bytes) -> Call:
    """The call in a message's bytes; REFUSED for anything but one of FUNCTIONS with as many ids of rows."""
    try:
        name, instance, numbers, named = json.loads(_uncompressed(data))
    except (ValueError, TypeError, RecursionError, zlib.error):
        return REFUSED
    if not (isinstance(name, str) and isinstance(numbers, list) and instance is None and named == {}):
        return REFUSED
    if FUNCTIONS.get(name) != len(numbers):
        return REFUSED
    # A boolean is an integer for Python, and not for us.
    if not all(type(each) is int and 0 < each <= LARGEST_ID for each in numbers):
        return REFUSED
    return Call(name, tuple(numbers))


def _uncompressed(data: bytes) -> bytes:
    try:
        found = zlib.decompressobj().decompress(data, LONGEST + 1)
    except zlib.error:
        found = data
    if len(found) > LONGEST:
        raise ValueError("longer than any of ours")
    return found


class Message(Job):
    """RQ's job, without all that a message of ours does not have."""

    call: Call = REFUSED

    def restore(self, raw_data: Any) -> None:
        """Read a message as Redis returns it. Its times, its state and every option of RQ's are not read:
        they are what a message of ours has. Raises NoSuchJobError where there is none, and nothing else."""
        data = raw_data.get(b"data")
        if data is None:
            raise NoSuchJobError("a message without data")
        self.call = read_call(data)
        self.data = self.call.to_data()
        origin = raw_data.get(b"origin", b"").decode(errors="replace")
        self.origin = origin if NAME_OF_A_QUEUE.fullmatch(origin) else ""
        self.created_at = self.enqueued_at = now()
        self.timeout, self.result_ttl, self.failure_ttl = -1, 0, FAILURES_KEPT
        self._status = JobStatus.QUEUED

    def refresh(self) -> None:
        try:
            super().refresh()  # type: ignore[no-untyped-call]  # RQ gives it no types
        except ResponseError as error:
            raise NoSuchJobError("not a message") from error

    def _fetch_status(self) -> JobStatus:
        try:
            return super()._fetch_status()
        except ValueError:
            return JobStatus.FAILED

    @property
    def func(self) -> Callable[..., Any]:
        """The function of ours that the message names. Raises ValueError for any other."""
        if not self.call:
            raise ValueError("a message that calls none of our functions")
        return import_attribute(self.call.name)


class Messages(Queue):
    """RQ's queue, whose messages are `Message`. None of them has dependents."""

    job_class = Message

    def ring(self, call: Call) -> None:
        """Put the call at the end of the queue, unless the same one is waiting: that will be read later than
        now. Raises RedisError.

        A second one would stay for as long as its job takes turns with others, and give it two turns.
        """
        if call not in self.waiting():
            # RQ's own time-out (180 s) would kill a long job: the lease in the database watches over it.
            # And it keeps no result: the database knows better.
            self.enqueue(call.name, *call.numbers, job_timeout=-1, result_ttl=0, failure_ttl=FAILURES_KEPT)

    def waiting(self) -> set[Call]:
        """The calls that wait, of the first messages. Raises RedisError."""
        ids: list[Any] = self.connection.lrange(self.key, 0, LOOKED_AT - 1)
        with self.connection.pipeline(transaction=False) as pipeline:
            for each in ids:
                pipeline.hget(Message.redis_job_namespace_prefix.encode() + each, "data")
            found = pipeline.execute(raise_on_error=False)
        return {read_call(data) for data in found if isinstance(data, bytes)} - {REFUSED}

    def forget(self, message: Message) -> None:
        """Delete a message that has been taken and is not carried out."""
        with self.connection.pipeline() as pipeline:
            pipeline.lrem(self.intermediate_queue_key, 0, message.id)
            pipeline.delete(message.key)
            pipeline.execute()

    def forget_the_rest(self) -> None:
        """Forget the messages that a worker took when it died, and failures whose time is over. The jobs are
        in the database, and are rung for again."""
        ended = datetime.now(UTC).timestamp()
        with self.connection.pipeline() as pipeline:
            pipeline.delete(self.intermediate_queue_key)
            for registry in (self.started_job_registry, self.failed_job_registry):
                pipeline.zremrangebyscore(registry.key, 0, ended)
            pipeline.execute()

    @classmethod
    def dequeue_any(cls, *args: Any, **kwargs: Any) -> Any:
        """The next message. An entry whose id cannot be one is skipped: it has left the queue by then."""
        while True:
            try:
                return super().dequeue_any(*args, **kwargs)
            except ValueError:
                continue

    def move_dependents_to_ready(self, *_args: Any, **_kwargs: Any) -> dict[str, list[str]]:
        return {}

    def enqueue_dependents(self, *_args: Any, **_kwargs: Any) -> dict[str, list[str]]:
        return {}


def queue(name: str, redis: Redis) -> Messages:
    """The queue of this name, with plain JSON in it: nothing that a later version could not unpickle."""
    return Messages(name, connection=redis, serializer=JSONSerializer, job_class=Message)


class TakesMessages(BaseWorker):
    """What makes an RQ worker one that trusts no message, no command and no list of RQ's in Redis."""

    job_class = Message
    queue_class = Messages

    def execute_job(self, job: Job, queue: Queue) -> None:
        assert isinstance(job, Message)
        assert isinstance(queue, Messages)
        job.origin = queue.name
        if job.call:
            super().execute_job(job, queue)
        else:
            log.warning("message_refused", queue=queue.name)
            queue.forget(job)

    def subscribe(self) -> None:
        """Not: over this channel a worker would be told to stop, or to kill its horse. Signals do that."""

    def unsubscribe(self) -> None:
        """There is no channel."""

    def check_for_suspension(self, burst: bool) -> None:
        """Not: a key in Redis would suspend all workers."""

    def run_maintenance_tasks(self) -> None:
        """RQ's own would fetch whatever its lists name, and act on it."""
        for each in self.queues:
            assert isinstance(each, Messages)
            each.forget_the_rest()
            with suppress(ValueError):
                worker_registration.clean_worker_registry(each)
        self.last_cleaned_at = now()  # type: ignore[assignment]  # RQ declares it as None
