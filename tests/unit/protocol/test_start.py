"""START: one order makes one job; the key of the group is the gate, the unique index decides."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from redis import Redis
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.unit.protocol.conftest import Counting
from webapp.jobs.cancel import cancel
from webapp.jobs.lock import LockUnavailable
from webapp.jobs.start import AlreadyRunning, AnotherRequest, BeingStarted, start
from webapp.jobs.work import NotAllowed, NotStarted, Order
from webapp.models import AuditEvent, Job, User
from webapp.models.job import JobState
from webapp.worker.connection import connect
from webapp.worker.redis_lock import RedisLock, key

NOWHERE = "redis://127.0.0.1:1"


@pytest.fixture
def order(counting: Counting) -> Order:
    return counting.order()


def another(order: Order) -> Order:
    """The same request once more, confirmed in another dialog."""
    return replace(order, key=str(uuid.uuid4()))


def jobs(session: Session, world: World) -> list[Job]:
    session.rollback()
    return list(session.scalars(select(Job).where(Job.workspace_id == world.id).order_by(Job.id)))


def test_an_order_becomes_a_queued_job_that_holds_the_key(
    order: Order, world: World, counting: Counting, redis: Redis
) -> None:
    job = counting.start(order)

    assert (job.state, job.fence, job.requested_by) == ("queued", 0, world.admin.id)
    assert (job.kind, job.exclusive_group, job.request, job.total) == ("count", "count", {"to": 5}, 5)
    assert redis.get(key("count", world.id)) == job.uuid.encode()
    assert 59_000 < redis.pttl(key("count", world.id)) <= 60_000


def test_jobs_are_numbered_by_workspace_and_kind(store: Session, counting: Counting) -> None:
    numbers = []
    for _ in range(3):
        job = counting.start()
        numbers.append(job.number)
        counting.run(job)
    elsewhere = Counting(store, new_world(store), counting.lock)

    assert numbers == [1, 2, 3]
    assert elsewhere.start().number == 1


def test_the_worker_is_rung_for_after_the_commit(
    order: Order, store: Session, other: Session, counting: Counting
) -> None:
    seen: list[tuple[str, str]] = []

    def ring(kind: str, job_id: int) -> None:
        seen.append((kind, other.get_one(Job, job_id).state))

    start(store, counting.lock, ring, counting.work, order)

    assert seen == [("count", "queued")]


def test_a_start_is_audited_with_its_user_and_request(
    order: Order, world: World, counting: Counting, store: Session
) -> None:
    job = counting.start(order)

    event = store.scalars(
        select(AuditEvent).where(AuditEvent.workspace_id == world.id, AuditEvent.action == "count.requested")
    ).one()
    assert (event.user_id, event.at, event.detail) == (
        world.admin.id,
        job.created_at,
        {"number": 1, "total": 5},
    )
    assert event.subject == job.audit_subject


def test_the_same_order_again_is_the_same_job(order: Order, counting: Counting) -> None:
    first = counting.start(order)

    assert counting.start(order).id == first.id
    counting.run(first)
    assert counting.start(order).id == first.id
    assert counting.rung == [("count", first.id)]


def test_the_same_order_again_is_answered_without_redis(order: Order, counting: Counting) -> None:
    first = counting.start(order)
    counting.lock = RedisLock(connect(NOWHERE), lock_seconds=60, starting_seconds=10)

    assert counting.start(order).id == first.id


def test_the_same_key_for_another_request_is_refused(order: Order, world: World, counting: Counting) -> None:
    counting.start(order)

    with pytest.raises(AnotherRequest):
        counting.start(replace(order, request={"to": 6}))
    assert len(jobs(counting.session, world)) == 1


def test_the_same_key_for_another_kind_is_refused(order: Order, counting: Counting) -> None:
    counting.start(order)
    counting.work.kind = "another"  # type: ignore[misc]

    with pytest.raises(AnotherRequest):
        counting.start(order)


@pytest.mark.parametrize("is_running", [False, True])
@pytest.mark.parametrize("has_lost_its_key", [False, True])
def test_while_a_job_of_the_group_is_active_another_is_refused(
    is_running: bool, has_lost_its_key: bool, order: Order, world: World, counting: Counting, redis: Redis
) -> None:
    """If the key is lost, the index decides, and the new key is released."""
    job = counting.start(order)
    if is_running:
        job.state = JobState.RUNNING
    if has_lost_its_key:
        redis.delete(key("count", world.id))

    with pytest.raises(AlreadyRunning) as refused:
        counting.start(another(order))

    assert refused.value.job.id == job.id
    assert redis.get(key("count", world.id)) == (None if has_lost_its_key else job.uuid.encode())
    assert len(jobs(counting.session, world)) == 1


def test_jobs_of_different_groups_run_side_by_side(order: Order, world: World, counting: Counting) -> None:
    counting.start(order)
    counting.work.group = "another"  # type: ignore[misc]

    counting.start(another(order))

    assert [job.exclusive_group for job in jobs(counting.session, world)] == ["count", "another"]


def test_a_kind_without_a_group_excludes_none_and_needs_no_redis(
    order: Order, world: World, counting: Counting
) -> None:
    counting.lock = RedisLock(connect(NOWHERE), lock_seconds=60, starting_seconds=10)
    counting.work.group = None  # type: ignore[misc,assignment]

    started = [counting.start(order), counting.start(another(order))]

    assert [job.exclusive_group for job in started] == [None, None]
    assert counting.run(started[0]) == "done"


def test_the_key_of_a_job_that_ended_is_taken_over(
    order: Order, world: World, counting: Counting, redis: Redis
) -> None:
    ended = counting.start(order)
    unused_redis_url = RedisLock(connect(NOWHERE), lock_seconds=60, starting_seconds=10)
    cancel(counting.session, unused_redis_url, ended.id, by=counting.session.get_one(User, world.admin.id))
    assert redis.get(key("count", world.id)) == ended.uuid.encode()

    job = counting.start(another(order))

    assert redis.get(key("count", world.id)) == job.uuid.encode()


def test_a_key_of_a_job_without_a_row_is_waited_for_and_then_respected(
    order: Order, world: World, counting: Counting, redis: Redis
) -> None:
    starting = str(uuid.uuid4())
    redis.set(key("count", world.id), starting, px=60_000)

    with pytest.raises(BeingStarted):
        counting.start(order)

    assert redis.get(key("count", world.id)) == starting.encode()
    assert jobs(counting.session, world) == []


def foreign_list(redis: Redis, name: str) -> None:
    redis.rpush(name, "a", "list")


@pytest.mark.parametrize(
    "put",
    [
        lambda redis, name: redis.set(name, str(uuid.uuid4()), px=60_000 - 10_000),
        lambda redis, name: redis.set(name, b"\xff\xfe", px=59_000),
        lambda redis, name: redis.set(name, "no uuid", px=59_000),
        lambda redis, name: redis.set(name, "", px=59_000),
        lambda redis, name: redis.set(name, str(uuid.uuid4())),
        lambda redis, name: redis.set(name, str(uuid.uuid4()), px=3_600_000),
        foreign_list,
        lambda redis, name: redis.hset(name, "a", "hash"),
    ],
    ids=["ten seconds old", "not UTF-8", "no uuid", "empty", "for ever", "for an hour", "a list", "a hash"],
)
def test_a_key_that_no_start_holds_is_taken_over(
    put: object, order: Order, world: World, counting: Counting, redis: Redis
) -> None:
    """A foreign value once blocked every start for as long as it lived."""
    put(redis, key("count", world.id))  # type: ignore[operator]

    job = counting.start(order)

    assert redis.get(key("count", world.id)) == job.uuid.encode()
    assert 59_000 < redis.pttl(key("count", world.id)) <= 60_000


@pytest.mark.parametrize("url", [NOWHERE, "unix:///nowhere/redis.sock"])
def test_without_redis_no_job_is_started_and_nothing_changes(
    url: str, order: Order, world: World, counting: Counting
) -> None:
    counting.lock = RedisLock(connect(url), lock_seconds=60, starting_seconds=10)

    with pytest.raises(LockUnavailable):
        counting.start(order)

    assert jobs(counting.session, world) == []
    assert counting.rung == []


def test_an_order_that_the_kind_does_not_admit_leaves_no_job_and_no_key(
    order: Order, world: World, store: Session, counting: Counting, redis: Redis
) -> None:
    store.get_one(User, world.admin.id).is_active = False

    with pytest.raises(NotAllowed):
        counting.start(order)

    assert jobs(counting.session, world) == []
    assert redis.get(key("count", world.id)) is None


@pytest.mark.parametrize("same", [True, False])
def test_of_many_simultaneous_confirmations_one_succeeds(
    same: bool, order: Order, world: World, engine: Engine, counting: Counting
) -> None:
    """Clicks of one dialog all get its job; of several dialogs one wins and the others are refused."""
    together = Barrier(6)

    def confirm(mine: Order) -> int | str:
        with Session(engine) as session:
            together.wait()
            try:
                return start(session, counting.lock, lambda *_: None, counting.work, mine).id
            except NotStarted as refusal:
                return type(refusal).__name__

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(confirm, [order if same else another(order) for _ in range(6)]))

    [job] = jobs(counting.session, world)
    if same:
        assert answers == [job.id] * 6
    else:
        assert sorted(map(str, answers)) == sorted([str(job.id), *["AlreadyRunning"] * 5])
