"""LINE: one job of a group waits until the active one has ended, and is promoted then."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from redis import Redis
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from tests.factories.people import World, new_admin
from tests.support.faults import before_each_statement, crash_at
from tests.support.restoring import expire_lease
from tests.unit.protocol.conftest import Counting
from webapp.jobs.cancel import cancel
from webapp.jobs.claim import claim
from webapp.jobs.isolation import MAX_CLAIMS
from webapp.jobs.line import PlaceTaken, line_up, promote_waiting
from webapp.jobs.lock import LockUnavailable
from webapp.jobs.queries import active_job, job_in_line, wants_the_bin
from webapp.jobs.recover import active_holders, stalled_jobs
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.jobs.start import AlreadyRunning
from webapp.jobs.work import NotAllowed, Order
from webapp.models import AuditEvent, Job, User
from webapp.models.job import JobState
from webapp.worker.connection import connect
from webapp.worker.redis_lock import RedisLock, key

NOWHERE = RedisLock(connect("redis://127.0.0.1:1"), lock_seconds=60, starting_seconds=10)


def wait_behind(counting: Counting, what: Order | None = None, lock: RedisLock | None = None) -> Job:
    """Put an order in line; by default one that counts to three."""
    counting.session.commit()
    return line_up(
        counting.session,
        lock or counting.lock,
        lambda *rung: counting.rung.append(rung),
        counting.work,
        what or counting.order(3),
    )


@pytest.fixture
def waiting(counting: Counting, job: Job) -> Job:
    """A job in line behind `job`."""
    return wait_behind(counting)


def to_ring_for(session: Session, world: World) -> list[int]:
    session.rollback()
    return [stalled.job_id for stalled in stalled_jobs(session, ring_seconds=30, workspace_id=world.id)]


# Waiting


def test_a_job_in_line_needs_no_redis_is_not_active_and_no_runner_claims_it(
    store: Session, counting: Counting, job: Job, world: World, redis: Redis
) -> None:
    waiting = wait_behind(counting, lock=NOWHERE)

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
    waiting = wait_behind(counting, order)

    assert wait_behind(counting, order).id == waiting.id
    counting.run(job)
    assert wait_behind(counting, order).id == waiting.id
    assert counting.start(order).id == waiting.id, "and plain Restore with it leads there too"
    counting.run(waiting)
    assert wait_behind(counting, order).id == waiting.id


def test_there_is_one_place_and_it_is_free_again_when_the_job_leaves(
    store: Session, counting: Counting, waiting: Job, world: World
) -> None:
    with pytest.raises(PlaceTaken) as refused:
        wait_behind(counting)
    assert refused.value.job.id == waiting.id

    assert cancel(store, NOWHERE, waiting.id, by=None) == "cancelled"

    store.refresh(waiting)
    assert (waiting.state, waiting.is_waiting, waiting.has_ended) == ("cancelled", False, True)
    assert wait_behind(counting).id != waiting.id


def test_a_job_that_the_previous_release_cancelled_in_line_leaves_the_place_free(
    store: Session, counting: Counting, job: Job, waiting: Job
) -> None:
    """It does not know the column, and leaves the group in it."""
    store.execute(update(Job).where(Job.id == waiting.id).values(state=JobState.CANCELLED))
    store.commit()

    second = wait_behind(counting)
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
        wait_behind(counting)

    assert job_in_line(store, world.id, "count") is None


def test_where_nothing_is_active_any_more_it_starts_as_usual(
    counting: Counting, job: Job, world: World, redis: Redis
) -> None:
    counting.run(job)
    with pytest.raises(LockUnavailable):
        wait_behind(counting, lock=NOWHERE)

    second = wait_behind(counting)

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
        waiting = wait_behind(counting)

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


# Promotion


def end_done(counting: Counting, job: Job) -> None:
    assert counting.run(job) == "done"


def end_cancelled_queued(counting: Counting, job: Job) -> None:
    assert cancel(counting.session, counting.lock, job.id, by=None) == "cancelled"


def end_cancelled_running(counting: Counting, job: Job) -> None:
    claim(counting.session, job.id, ["count"], lease=30)
    assert cancel(counting.session, counting.lock, job.id, by=None) == "running"
    expire_lease(counting.session, job.id)
    assert counting.run(job) == "cancelled"


def end_failed(counting: Counting, job: Job) -> None:
    for _ in range(MAX_CLAIMS):
        assert claim(counting.session, job.id, ["count"], lease=30) is not None
        expire_lease(counting.session, job.id)
    assert counting.run(job) == "failed"


def end_without_its_right(counting: Counting, job: Job) -> None:
    former = new_admin(counting.session, counting.world.workspace)
    former.is_active, job.requested_by = False, former.id
    counting.session.commit()
    assert counting.run(job) == "cancelled"


@pytest.mark.parametrize(
    "end", [end_done, end_cancelled_queued, end_cancelled_running, end_failed, end_without_its_right]
)
def test_it_is_promoted_however_the_active_job_ends_and_the_key_is_its_own(
    end: Callable[[Counting, Job], None],
    store: Session,
    counting: Counting,
    job: Job,
    waiting: Job,
    world: World,
    redis: Redis,
) -> None:
    end(counting, job)

    store.refresh(waiting)
    store.refresh(job)
    assert (waiting.is_waiting, waiting.is_active, waiting.exclusive_group) == (False, True, "count")
    assert waiting.promoted_at == job.finished_at, "in the transaction that ended the other"
    assert redis.get(key("count", world.id)) == waiting.uuid.encode()
    assert to_ring_for(store, world) == [waiting.id], "whoever looks next rings"
    assert to_ring_for(store, world) == [], "and no other one for a while"
    assert counting.run(waiting) == "done"
    assert redis.get(key("count", world.id)) is None


def test_without_redis_it_is_promoted_too(store: Session, counting: Counting, job: Job, waiting: Job) -> None:
    counting.lock = NOWHERE

    assert counting.run(job) == "done"
    store.refresh(waiting)
    assert waiting.is_active
    assert cancel(store, NOWHERE, waiting.id, by=None) == "cancelled"


def test_end_and_promotion_are_committed_together(
    engine: Engine, store: Session, counting: Counting, job: Job, waiting: Job
) -> None:
    """A runner that dies at any statement of its last batch leaves both or neither."""
    seen = []
    for number in range(1, 100):
        store.execute(update(Job).where(Job.id == job.id).values(claims_since_progress=0))
        expire_lease(store, job.id)
        with Session(engine) as runner, crash_at(engine, runner, number) as crash:
            carry_out(
                runner,
                counting.lock,
                {"count": counting.work},
                job.id,
                settings=BatchSettings(30, 100),
            )
        store.rollback()
        store.expire_all()
        seen.append((job.has_ended, waiting.is_active))
        if any(seen[-1]) or not crash.happened:
            break

    assert len(seen) > 10
    assert set(seen[:-1]) == {(False, False)}
    assert seen[-1] == (True, True)


def test_lining_up_and_promotion_are_audited(
    store: Session, counting: Counting, job: Job, waiting: Job, world: World
) -> None:
    counting.run(job)

    events = store.scalars(
        select(AuditEvent).where(AuditEvent.subject == waiting.audit_subject).order_by(AuditEvent.id)
    ).all()

    assert [event.action for event in events] == ["count.lined_up", "count.promoted"]
    assert {event.user_id for event in events} == {world.admin.id}


def test_a_promotion_that_was_missed_is_made_up_for_by_the_reconciler_once(
    store: Session, other: Session, counting: Counting, job: Job, waiting: Job, world: World
) -> None:
    """The previous release ended the active job, and knows no line."""
    store.execute(update(Job).where(Job.id == job.id).values(state=JobState.DONE))
    store.commit()

    assert promote_waiting(store, workspace_id=world.id) == 1
    assert promote_waiting(other, workspace_id=world.id) == 0

    store.refresh(waiting)
    assert waiting.is_active
    assert to_ring_for(other, world) == [waiting.id]


def test_two_reconcilers_at_once_promote_it_once(
    engine: Engine, store: Session, counting: Counting, job: Job, waiting: Job, world: World
) -> None:
    store.execute(update(Job).where(Job.id == job.id).values(state=JobState.DONE))
    store.commit()
    together = Barrier(3)

    def reconcile(_: int) -> int:
        with Session(engine) as session:
            together.wait()
            return promote_waiting(session, workspace_id=world.id)

    with ThreadPoolExecutor(3) as pool:
        given = list(pool.map(reconcile, range(3)))

    assert sum(given) == 1
    assert counting.actions().count("count.promoted") == 1


def test_where_a_start_was_faster_the_job_in_line_waits_for_that_one(
    store: Session, counting: Counting, job: Job, waiting: Job, world: World
) -> None:
    store.execute(update(Job).where(Job.id == job.id).values(state=JobState.DONE))
    store.commit()
    faster = counting.start()

    assert promote_waiting(store, workspace_id=world.id) == 0
    counting.run(faster)

    store.refresh(waiting)
    assert waiting.is_active


def test_a_job_whose_owner_lost_the_right_is_cancelled_once_promoted_and_the_next_goes_on(
    store: Session, counting: Counting, job: Job, world: World
) -> None:
    former = new_admin(store, world.workspace)
    waiting = wait_behind(counting, counting.order(3, by=former.id))
    former.is_active = False
    store.commit()
    counting.run(job)
    third = wait_behind(counting)

    assert counting.run(waiting) == "cancelled"

    assert waiting.reason == {"code": "requester_not_allowed", "user": former.id}
    assert (waiting.counts, counting.written()) == ({}, [0, 1, 2, 3, 4])
    store.refresh(third)
    assert third.is_active


def test_a_promoted_job_can_be_cancelled_and_the_next_is_promoted(
    store: Session, counting: Counting, job: Job, waiting: Job
) -> None:
    counting.run(job)
    third = wait_behind(counting)

    cancel(store, counting.lock, waiting.id, by=None)

    store.refresh(third)
    assert third.is_active
