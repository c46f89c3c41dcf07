"""The Redis key that lets one job of a group run in a workspace (article: "one restore job at a time").

It is the gate that answers quickly. It may be lost, expire early or be overwritten: the partial unique index
decides which job starts, and the fence which runner writes (docs/adr/0003).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError

from webapp.jobs.lock import Holder, LockUnavailable

UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Asked in one step, because the key may change between two. Any type is answered, where GET would fail.
DESCRIBE = """
local kind = redis.call('type', KEYS[1]).ok
local value = kind == 'string' and redis.call('get', KEYS[1]) or ''
return {kind, value, redis.call('pttl', KEYS[1])}
"""
DELETE_IF_HELD = """
local kind = redis.call('type', KEYS[1]).ok
local value = kind == 'string' and redis.call('get', KEYS[1]) or ''
if value == ARGV[1] then return redis.call('del', KEYS[1]) end
"""


def key(group: str, workspace_id: int) -> str:
    """The name of the group's key in Redis, for one workspace."""
    return f"{group}:lock:{workspace_id}"


@contextmanager
def _reaching_redis() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise LockUnavailable from error


class RedisLock:
    """`webapp.jobs.lock.Lock`, in Redis. Times in seconds.

    A key lives for `lock_seconds`. A job's process inserts its row within `starting_seconds` of setting the
    key.
    """

    def __init__(self, redis: Redis, *, lock_seconds: float, starting_seconds: float) -> None:
        self.redis = redis
        self.lock_milliseconds = int(lock_seconds * 1000)
        self.starting_milliseconds = int(starting_seconds * 1000)

    def acquire(self, group: str, workspace_id: int, uuid: str) -> Holder | None:
        name = key(group, workspace_id)
        with _reaching_redis():
            # Twice, because the key may run out between the two questions.
            for _ in range(2):
                if self.redis.set(name, uuid, nx=True, px=self.lock_milliseconds):
                    return None
                kind, value, left = self.redis.eval(DESCRIBE, 1, name)
                if value == uuid.encode():
                    # The answer to an earlier attempt of ours was lost on the way.
                    return None
                if kind != b"none":
                    return self._holder(kind, value, left)
        # It has just run out for the second time: look again.
        return Holder(b"", None, is_stale=False)

    def _holder(self, kind: bytes, value: bytes, left: int) -> Holder:
        """`left` is the key's time to live in milliseconds; -1 means for ever."""
        if kind != b"string" or not UUID.fullmatch(value) or not 0 <= left <= self.lock_milliseconds:
            # No process of ours sets such a key.
            return Holder(value, None, is_stale=True)
        age = self.lock_milliseconds - left
        return Holder(value, value.decode(), is_stale=age >= self.starting_milliseconds)

    def renew(self, group: str, workspace_id: int, uuid: str) -> None:
        # The caller has just committed under the fence. So a missing or foreign key is wrong, and becomes
        # right.
        with _reaching_redis():
            self.redis.set(key(group, workspace_id), uuid, px=self.lock_milliseconds)

    def release(self, group: str, workspace_id: int, uuid: str) -> None:
        self._delete_if_held(group, workspace_id, uuid.encode())

    def evict(self, group: str, workspace_id: int, holder: Holder) -> None:
        self._delete_if_held(group, workspace_id, holder.value)

    def _delete_if_held(self, group: str, workspace_id: int, value: bytes) -> None:
        with _reaching_redis():
            self.redis.eval(DELETE_IF_HELD, 1, key(group, workspace_id), value)
