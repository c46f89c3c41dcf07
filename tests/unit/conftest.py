"""What the unit tests of restoring stand on."""

from collections.abc import Iterator

import pytest
from redis import Redis

from webapp.jobs.lease import RedisLease


@pytest.fixture
def lease(redis: Redis) -> Iterator[RedisLease]:
    """The lease with its real times; no key outlives its test, because SQLite gives rolled-back ids again."""
    before = set(redis.keys("restore:lock:*"))
    yield RedisLease(redis, lock_seconds=60, starting_seconds=10)
    if left := set(redis.keys("restore:lock:*")) - before:
        redis.delete(*left)
