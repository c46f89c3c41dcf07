"""Where attempts are counted: in Redis, and in this process whatever Redis does not take."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import structlog
from limits.storage import MemoryStorage, RedisStorage
from redis import Redis, RedisError
from redis import TimeoutError as RedisTimeout

log = structlog.get_logger()

Answer = TypeVar("Answer")

# After Redis has let a request wait in vain, the next ones do not ask it for this long.
PAUSE_SECONDS = 5.0


# Not below zero, and without a key that never ends: the count may have ended in between.
ONE_LESS = """
if tonumber(redis.call('get', KEYS[1]) or '0') > 0 then
    redis.call('decr', KEYS[1])
    return 1
end
return 0
"""


class RedisOrMemory(RedisStorage):
    """A count is the sum of what Redis holds and what this process holds.

    So no attempt is lost while Redis is away or refuses writes (docs/adr/0017), and there is no state to
    leave when it recovers: each call asks Redis first.
    """

    # The other one that the library would look for, valkey, is installed in development, and slow to import.
    DEPENDENCIES = {"redis": None}  # noqa: RUF012

    def __init__(self, redis: Redis) -> None:
        super().__init__("redis://", connection_pool=redis.connection_pool)
        self._one_less = redis.register_script(ONE_LESS)
        self._here = MemoryStorage()
        self._ask_again_at = 0.0

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` under `key` for `expiry` seconds; returns the new sum."""
        counted = self._from_redis(lambda: RedisStorage.incr(self, key, expiry, amount))
        if counted is not None:
            return counted + self._here.get(key)
        self._here.incr(key, expiry, amount)
        return self.get(key)

    def get(self, key: str) -> int:
        """The sum that is counted under `key`."""
        return (self._from_redis(lambda: RedisStorage.get(self, key)) or 0) + self._here.get(key)

    def get_expiry(self, key: str) -> float:
        """When the last of the counts under `key` ends, in seconds since 1970."""
        in_redis = self._from_redis(lambda: RedisStorage.get_expiry(self, key))
        return max(in_redis or 0.0, self._here.get_expiry(key))

    def give_back(self, key: str, expiry: int) -> None:
        """Count one less under `key`, wherever there is one: the sum is what counts."""
        in_redis = self._from_redis(lambda: self._one_less([self.prefixed_key(key)]))
        if not in_redis and self._here.get(key) > 0:
            self._here.incr(key, expiry, -1)

    def _from_redis(self, ask: Callable[[], Answer]) -> Answer | None:
        """What Redis answers; None if it does not, or refuses."""
        if monotonic() < self._ask_again_at:
            return None
        try:
            return ask()
        except RedisError as error:
            if isinstance(error, RedisTimeout):
                self._ask_again_at = monotonic() + PAUSE_SECONDS
            log.warning("attempts_counted_here", error=f"{type(error).__name__}: {error}")
            return None
