"""The Redis key that lets one restore job run in a workspace (article: "one restore job at a time").

It is the gate that answers quickly. That it may be lost, expire early or be overwritten is no danger: the
partial unique index decides who starts, the fence decides who writes (docs/adr/0003).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError

from webapp.restoring.start import LeaseUnavailable

COMPARE_AND_DELETE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"


def key(workspace_id: int) -> str:
    """The name of the workspace's key in Redis."""
    return f"restore:lock:{workspace_id}"


@contextmanager
def _reaching_redis() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise LeaseUnavailable from error


class RedisLease:
    """`webapp.restoring.start.Lease`, in Redis. Times in seconds."""

    def __init__(self, redis: Redis, *, lock_seconds: float, starting_seconds: float) -> None:
        self.redis = redis
        self.lock_milliseconds = int(lock_seconds * 1000)
        self.starting_milliseconds = int(starting_seconds * 1000)

    def acquire(self, workspace_id: int, holder: str) -> str | None:
        with _reaching_redis():
            # Twice, because the key may run out between the two questions.
            for _ in range(2):
                if self.redis.set(key(workspace_id), holder, nx=True, px=self.lock_milliseconds):
                    return None
                other = self.redis.get(key(workspace_id))
                if other is not None:
                    # Taken by ourselves: the answer to an earlier attempt was lost on the way.
                    name = other.decode(errors="replace") if isinstance(other, bytes) else other
                    return None if name == holder else name
        return "somebody who is just leaving"

    def release(self, workspace_id: int, holder: str) -> None:
        with _reaching_redis():
            self.redis.eval(COMPARE_AND_DELETE, 1, key(workspace_id), holder)

    def renew(self, workspace_id: int, holder: str) -> None:
        # Set, whoever seems to hold it: whoever calls this has just committed under the fence, so a missing
        # or foreign key is wrong and becomes right again.
        with _reaching_redis():
            self.redis.set(key(workspace_id), holder, px=self.lock_milliseconds)

    def is_stale(self, workspace_id: int) -> bool:
        with _reaching_redis():
            left: int = self.redis.pttl(key(workspace_id))
        # -2: gone meanwhile; -1: set by nobody of ours, for ever.
        return left < 0 or self.lock_milliseconds - left >= self.starting_milliseconds
