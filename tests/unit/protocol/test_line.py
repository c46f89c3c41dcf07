"""LINE: one job of a group waits until the active one has ended."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from redis import Redis
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.faults import before_each_statement
from tests.unit.protocol.conftest import NOWHERE, Counting, to_ring_for
from webapp.jobs.cancel import cancel
from webapp.jobs.line import PlaceTaken, line_up, promote_waiting
from webapp.jobs.lock import LockUnavailable
from webapp.jobs.queries import active_job, job_in_line, wants_the_bin
from webapp.jobs.recover import active_holders
from webapp.jobs.start import AlreadyRunning
from webapp.jobs.work import NotAllowed
from webapp.models import Job, User
from webapp.models.job import JobState
from webapp.worker.redis_lock import key


def test_a_job_in_line_needs_no_redis_is_not_active_and_no_runner_claims_it(
    store: Session, counting: Counting, job: Job, world: World, redis: Redis
) -> None:
    waiting = counting.line_up(lock=NOWHERE)

    assert waiting.is_waiting
    assert not waiting.is_active
    assert not waiting.has_ended
    assert (waiting.number, waiting.total, waiting.fence) == (2, 3, 0)
    assert active_job(store, world.id, "count") == job
    assert job_in_line(store, world.id, "count") == waiting
    assert [uuid for _, of, uuid in active_holders(store) if of == world.id] == [job.uuid]
    assert redis.get(key("count", world.id)) == job.uuid.encode()
    assert counting.run(waiting) == "nothing_to_do"
    assert waiting.id not in to_ring_for(store, world)
    assert promote_waiting(store, workspace_id=world.id) == 0
    assert counting.written() == []
    assert [kind_and_id for kind_and_id in counting.rung if kind_and_id[1] == waiting.id] == []


def test_the_previous_release_neither_claims_it_nor_counts_it_as_active(store: Session, waiting: Job) -> None:
    """It knows no place in line: it finds active jobs by their group, and stalled ones by their lease."""
    columns = select(Job.exclusive_group, Job.lease_until, Job.state).where(Job.id == waiting.id)
    group, lease_until, state = store.execute(columns).one()

    assert (group, state) == (None, "queued"), "a state that it can read"
    assert lease_until.year > 9000


def test_the_same_order_again_is_the_same_job_before_and_after_its_promotion(
    store: Session, counting: Counting, job: Job, world: World
) -> None:
    order = counting.order(3)
    waiting = counting.line_up(order)

    assert counting.line_up(order).id == waiting.id
    counting.run(job)
    assert counting.line_up(order).id == waiting.id
    assert counting.start(order).id == waiting.id, "and plain Restore with it leads there too"
    counting.run(waiting)
    assert counting.line_up(order).id == waiting.id


def test_there_is_one_place_and_it_is_free_again_when_the_job_leaves(
    store: Session, counting: Counting, waiting: Job, world: World
) -> None:
    with pytest.raises(PlaceTaken) as refused:
        counting.line_up()
    assert refused.value.job.id == waiting.id

    assert cancel(store, NOWHERE, waiting.id, by=None) == "cancelled"

    store.refresh(waiting)
    assert (waiting.state, waiting.is_waiting, waiting.has_ended) == ("cancelled", False, True)
    assert counting.line_up().id != waiting.id


def test_a_job_that_the_previous_release_cancelled_in_line_leaves_the_place_free(
    store: Session, counting: Counting, job: Job, waiting: Job
) -> None:
    """It does not know the column, and leaves the group in it."""
    store.execute(update(Job).where(Job.id == waiting.id).values(state=JobState.CANCELLED))
    store.commit()

    second = counting.line_up()
    counting.run(job)

    store.refresh(second)
    assert second.is_active


def test_plain_start_is_refused_while_a_job_runs_and_another_waits(
    counting: Counting, job: Job, waiting: Job
) -> None:
    with pytest.raises(AlreadyRunning) as refused:
        counting.start()

    assert refused.value.job.id == job.id


def test_an_order_that_may_not_begin_is_not_put_in_line(
    store: Session, counting: Counting, job: Job, world: World
) -> None:
    store.get_one(User, world.admin.id).is_active = False

    with pytest.raises(NotAllowed):
        counting.line_up()

    assert job_in_line(store, world.id, "count") is None


def test_where_nothing_is_active_any_more_it_starts_as_usual(
    counting: Counting, job: Job, world: World, redis: Redis
) -> None:
    counting.run(job)
    with pytest.raises(LockUnavailable):
        counting.line_up(lock=NOWHERE)

    second = counting.line_up()

    assert second.is_active
    assert (second.waits_for_group, second.promoted_at) == (None, None)
    assert redis.get(key("count", world.id)) == second.uuid.encode()
    assert counting.rung[-1] == ("count", second.id)


def test_of_many_that_line_up_at_once_one_gets_the_place(
    engine: Engine, counting: Counting, job: Job, world: World
) -> None:
    together = Barrier(4)

    def try_it(_: int) -> bool:
        with Session(engine) as session:
            order = replace(counting.order(3), key=str(uuid.uuid4()))
            together.wait()
            try:
                line_up(session, counting.lock, lambda *_: None, counting.work, order)
            except PlaceTaken:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(try_it, range(4)))

    assert sorted(got) == [False, False, False, True]


def test_where_the_active_job_ends_between_the_look_and_the_insert_it_is_promoted_at_once(
    engine: Engine, other: Session, counting: Counting, job: Job
) -> None:
    """A queued job is cancelled without the workspace's lock."""
    if engine.dialect.name == "sqlite":
        pytest.skip("there the write transaction is the lock of everything")
    job_id = job.id
    cancelled: list[int] = []

    def cancel_it(statement: str) -> None:
        if statement.startswith("INSERT INTO restore_job") and not cancelled:
            cancelled.append(job_id)
            cancel(other, counting.lock, job_id, by=None)

    with before_each_statement(engine, cancel_it):
        waiting = counting.line_up()

    assert cancelled
    assert waiting.is_active
    assert counting.rung[-1] == ("count", waiting.id)


def test_purging_stands_back_while_a_job_is_active_or_in_line(
    store: Session, counting: Counting, job: Job, waiting: Job, world: World
) -> None:
    assert wants_the_bin(store, world.id, "count")
    counting.run(job)
    assert wants_the_bin(store, world.id, "count")
    counting.run(waiting)
    assert not wants_the_bin(store, world.id, "count")
    assert not wants_the_bin(store, world.id, "another")
