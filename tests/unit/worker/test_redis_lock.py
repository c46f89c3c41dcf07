"""The Redis key of a group: a start acquires it if it is free, only its holder releases it, and it
expires."""

import uuid
from collections.abc import Callable

import pytest
from redis import Redis

from tests.factories.people import number
from webapp.jobs.lock import Holder, LockUnavailable
from webapp.worker.connection import connect
from webapp.worker.redis_lock import RedisLock, key

ANN, BOB = (str(uuid.UUID(int=number)) for number in (0xA, 0xB))
GROUP = "restore"


@pytest.fixture
def workspace_id() -> int:
    """The id of a workspace without a row."""
    return number()


def held_by(lock: RedisLock, workspace_id: int) -> Holder:
    holder = lock.acquire(GROUP, workspace_id, BOB)
    assert holder is not None
    return holder


def test_the_first_acquires_the_key_and_the_second_learns_which_job_holds_it(
    lock: RedisLock, workspace_id: int
) -> None:
    assert lock.acquire(GROUP, workspace_id, ANN) is None
    assert held_by(lock, workspace_id) == Holder(ANN.encode(), ANN, is_stale=False)


def test_a_job_that_asks_again_for_its_own_key_has_it(lock: RedisLock, workspace_id: int) -> None:
    lock.acquire(GROUP, workspace_id, ANN)

    assert lock.acquire(GROUP, workspace_id, ANN) is None


def test_each_workspace_and_each_group_has_a_key_of_its_own(
    lock: RedisLock, workspace_id: int, redis: Redis
) -> None:
    assert lock.acquire(GROUP, workspace_id, ANN) is None
    assert lock.acquire(GROUP, workspace_id + 1, BOB) is None
    assert lock.acquire("another", workspace_id, BOB) is None
    assert redis.get(f"restore:lock:{workspace_id}") == ANN.encode(), "scripts of operators use this name"


def test_the_key_expires_by_itself(lock: RedisLock, workspace_id: int, redis: Redis) -> None:
    lock.acquire(GROUP, workspace_id, ANN)

    assert 59_000 < redis.pttl(key(GROUP, workspace_id)) <= 60_000


def test_only_the_holder_releases_the_key(lock: RedisLock, workspace_id: int, redis: Redis) -> None:
    lock.acquire(GROUP, workspace_id, ANN)

    lock.release(GROUP, workspace_id, BOB)
    assert redis.get(key(GROUP, workspace_id)) == ANN.encode()
    lock.release(GROUP, workspace_id, ANN)
    assert redis.get(key(GROUP, workspace_id)) is None
    lock.release(GROUP, workspace_id, ANN)


@pytest.mark.parametrize("found", [None, ANN, BOB])
def test_renewing_sets_the_key_for_its_full_time(
    found: str | None, lock: RedisLock, workspace_id: int, redis: Redis
) -> None:
    if found:
        redis.set(key(GROUP, workspace_id), found, px=100)

    lock.renew(GROUP, workspace_id, ANN)

    assert redis.get(key(GROUP, workspace_id)) == ANN.encode()
    assert redis.pttl(key(GROUP, workspace_id)) > 59_000


@pytest.mark.parametrize(("age", "is_stale"), [(0, False), (9_000, False), (10_000, True), (59_000, True)])
def test_the_key_of_a_job_is_stale_ten_seconds_after_it_was_set(
    age: int, is_stale: bool, lock: RedisLock, workspace_id: int, redis: Redis
) -> None:
    redis.set(key(GROUP, workspace_id), ANN, px=60_000 - age)

    assert held_by(lock, workspace_id).is_stale == is_stale


@pytest.mark.parametrize("value", ["ann", "", b"\xff", ANN.upper(), f"{ANN}\n"])
def test_a_value_that_is_no_uuid_is_stale_at_once(
    value: str | bytes, lock: RedisLock, workspace_id: int, redis: Redis
) -> None:
    redis.set(key(GROUP, workspace_id), value, px=60_000)

    holder = held_by(lock, workspace_id)

    assert (holder.uuid, holder.is_stale) == (None, True)


@pytest.mark.parametrize("milliseconds", [None, 61_000])
def test_a_key_that_lives_longer_than_ours_is_stale_at_once(
    milliseconds: int | None, lock: RedisLock, workspace_id: int, redis: Redis
) -> None:
    redis.set(key(GROUP, workspace_id), ANN, px=milliseconds)

    assert held_by(lock, workspace_id).is_stale


def test_a_stale_holder_is_evicted_and_a_newer_one_is_not(
    lock: RedisLock, workspace_id: int, redis: Redis
) -> None:
    redis.set(key(GROUP, workspace_id), "foreign")
    foreign = held_by(lock, workspace_id)
    lock.evict(GROUP, workspace_id, foreign)
    assert lock.acquire(GROUP, workspace_id, ANN) is None

    lock.evict(GROUP, workspace_id, foreign)

    assert redis.get(key(GROUP, workspace_id)) == ANN.encode()


def test_a_key_of_another_type_is_evicted(lock: RedisLock, workspace_id: int, redis: Redis) -> None:
    redis.rpush(key(GROUP, workspace_id), "a", "list")

    lock.evict(GROUP, workspace_id, held_by(lock, workspace_id))

    assert not redis.exists(key(GROUP, workspace_id))


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "unix:///nowhere/redis.sock"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda lock: lock.acquire(GROUP, 1, ANN),
        lambda lock: lock.release(GROUP, 1, ANN),
        lambda lock: lock.renew(GROUP, 1, ANN),
        lambda lock: lock.evict(GROUP, 1, Holder(b"", None, is_stale=True)),
    ],
    ids=["acquire", "release", "renew", "evict"],
)
def test_without_redis_every_call_raises_lock_unavailable(
    ask: Callable[[RedisLock], object], url: str
) -> None:
    away = RedisLock(connect(url), lock_seconds=60, starting_seconds=10)

    with pytest.raises(LockUnavailable):
        ask(away)
