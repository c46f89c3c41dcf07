"""The Redis key: whoever finds it free takes it, only its holder gives it up, and it runs out by itself."""

from collections.abc import Callable

import pytest
from redis import Redis

from tests.factories.people import number
from webapp.jobs.connection import connect
from webapp.jobs.lease import RedisLease, key
from webapp.restoring.start import LeaseUnavailable


@pytest.fixture
def workspace_id() -> int:
    """A workspace that only the key knows of."""
    return number()


def test_the_first_takes_the_key_and_the_second_learns_who_has_it(
    lease: RedisLease, workspace_id: int
) -> None:
    assert lease.acquire(workspace_id, "ann") is None
    assert lease.acquire(workspace_id, "bob") == "ann"


def test_whoever_asks_again_for_his_own_key_has_it(lease: RedisLease, workspace_id: int) -> None:
    lease.acquire(workspace_id, "ann")

    assert lease.acquire(workspace_id, "ann") is None


def test_each_workspace_has_a_key_of_its_own(lease: RedisLease, workspace_id: int) -> None:
    assert lease.acquire(workspace_id, "ann") is None
    assert lease.acquire(workspace_id + 1, "bob") is None


def test_the_key_runs_out_by_itself(lease: RedisLease, workspace_id: int, redis: Redis) -> None:
    lease.acquire(workspace_id, "ann")

    assert 59_000 < redis.pttl(key(workspace_id)) <= 60_000


def test_only_the_holder_gives_the_key_up(lease: RedisLease, workspace_id: int, redis: Redis) -> None:
    lease.acquire(workspace_id, "ann")

    lease.release(workspace_id, "bob")
    assert redis.get(key(workspace_id)) == b"ann"
    lease.release(workspace_id, "ann")
    assert redis.get(key(workspace_id)) is None
    lease.release(workspace_id, "ann")


@pytest.mark.parametrize("found", [None, "ann", "bob"])
def test_renewing_makes_the_key_right_for_its_full_time(
    found: str | None, lease: RedisLease, workspace_id: int, redis: Redis
) -> None:
    if found:
        redis.set(key(workspace_id), found, px=100)

    lease.renew(workspace_id, "ann")

    assert redis.get(key(workspace_id)) == b"ann"
    assert redis.pttl(key(workspace_id)) > 59_000


@pytest.mark.parametrize(("age", "is_stale"), [(0, False), (9_000, False), (10_000, True), (59_000, True)])
def test_a_key_is_stale_ten_seconds_after_it_was_set(
    age: int, is_stale: bool, lease: RedisLease, workspace_id: int, redis: Redis
) -> None:
    redis.set(key(workspace_id), "ann", px=60_000 - age)

    assert lease.is_stale(workspace_id) == is_stale


def test_a_key_that_is_gone_or_set_for_ever_is_stale(
    lease: RedisLease, workspace_id: int, redis: Redis
) -> None:
    assert lease.is_stale(workspace_id)
    redis.set(key(workspace_id), "nobody of ours")
    assert lease.is_stale(workspace_id)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "unix:///nowhere/redis.sock"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda lease: lease.acquire(1, "ann"),
        lambda lease: lease.release(1, "ann"),
        lambda lease: lease.renew(1, "ann"),
        lambda lease: lease.is_stale(1),
    ],
    ids=["acquire", "release", "renew", "is_stale"],
)
def test_where_redis_is_away_every_question_says_so(ask: Callable[[RedisLease], object], url: str) -> None:
    away = RedisLease(connect(url), lock_seconds=60, starting_seconds=10)

    with pytest.raises(LeaseUnavailable):
        ask(away)
