"""CLAIM: a runner claims an active job whose lease has expired, with a new fence."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from redis import Redis
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.restoring import expire_lease
from tests.unit.protocol.conftest import Counting
from webapp.jobs.claim import Claim, claim, release, release_dead
from webapp.models import AuditEvent, Job, User
from webapp.models.job import JobState
from webapp.worker.redis_lock import key


def claim_job(session: Session, job_id: int, runner: str = "here:1") -> Claim | None:
    return claim(session, job_id, ["count"], lease=30, runner=runner)


def test_a_claim_makes_the_job_running_with_a_fence_and_a_lease(store: Session, job: Job) -> None:
    held = claim_job(store, job.id)

    assert held is not None
    assert (held.fence, job.fence, job.state, job.runner) == (1, 1, "running", "here:1")
    assert job.started_at is not None
    assert (job.lease_until - job.started_at).total_seconds() == 30


def test_a_valid_lease_keeps_every_other_runner_out(store: Session, other: Session, job: Job) -> None:
    claim_job(store, job.id)

    assert claim_job(other, job.id) is None
    store.refresh(job)
    assert job.fence == 1


def test_each_claim_raises_the_fence_and_keeps_the_start_time(store: Session, job: Job) -> None:
    fences, started = [], set()
    for _ in range(3):
        held = claim_job(store, job.id)
        assert held is not None
        fences.append(held.fence)
        started.add(job.started_at)
        expire_lease(store, job.id)

    assert fences == [1, 2, 3]
    assert len(started) == 1


@pytest.mark.parametrize("state", [JobState.DONE, JobState.CANCELLED, JobState.FAILED])
def test_a_job_that_has_ended_is_never_claimed(state: JobState, store: Session, job: Job) -> None:
    job.state = state
    expire_lease(store, job.id)

    assert claim_job(store, job.id) is None
    assert (job.state, job.fence) == (state, 0)


def test_claiming_a_job_that_does_not_exist_does_nothing(store: Session, job: Job) -> None:
    assert claim_job(store, job.id + 1_000_000) is None


def test_a_job_of_an_unknown_kind_is_not_claimed(store: Session, job: Job) -> None:
    assert claim(store, job.id, ["restore"], lease=30) is None
    assert (job.state, job.fence) == ("queued", 0)


def test_of_many_simultaneous_claims_one_succeeds(engine: Engine, store: Session, job: Job) -> None:
    together, job_id = Barrier(6), job.id

    def claim_it(_: int) -> bool:
        with Session(engine) as session:
            together.wait()
            return claim_job(session, job_id) is not None

    store.rollback()
    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(claim_it, range(6))) == [False] * 5 + [True]


# The right of the requester


def test_a_job_whose_requester_lost_the_right_is_cancelled_at_the_claim(
    store: Session, world: World, counting: Counting, job: Job, redis: Redis
) -> None:
    store.get_one(User, world.admin.id).is_active = False

    assert counting.run(job) == "cancelled"

    assert job.reason == {"code": "requester_not_allowed", "user": world.admin.id}
    assert job.finished_at is not None
    assert counting.written() == []
    assert redis.get(key("count", world.id)) is None
    assert counting.actions() == ["count.requested", "count.cancelled"]


def test_the_right_is_checked_at_every_batch(
    store: Session, other: Session, world: World, counting: Counting, job: Job
) -> None:
    def disable() -> None:
        other.get_one(User, world.admin.id).is_active = False
        other.commit()

    assert counting.run(job, should_stop=disable) == "cancelled"

    assert counting.written() == [0, 1]
    assert job.reason == {"code": "requester_not_allowed", "user": world.admin.id}


def test_a_system_job_without_a_requester_runs(store: Session, counting: Counting) -> None:
    order = counting.order()
    job = counting.start(type(order)(order.workspace_id, None, order.key, order.request, order.total))

    assert counting.run(job) == "done"
    assert (job.requested_by, counting.written()) == (None, [0, 1, 2, 3, 4])


# The death of a runner

DIED = {"code": "worker_died", "signal": 9}


def test_the_lease_of_a_process_known_to_be_dead_is_ended_and_the_error_is_kept(
    store: Session, job: Job
) -> None:
    claim_job(store, job.id)
    assert claim_job(store, job.id, "here:2") is None

    assert release_dead(store, job.id, runner="here:1", error=DIED) == "count"

    assert job.error == DIED
    held = claim_job(store, job.id, "here:2")
    assert held is not None
    assert (held.fence, job.runner) == (2, "here:2")


def test_the_death_of_a_process_ends_no_other_lease(store: Session, job: Job) -> None:
    claim_job(store, job.id)
    expire_lease(store, job.id)
    claim_job(store, job.id, "there:1")
    until = job.lease_until

    assert release_dead(store, job.id, runner="here:1", error=DIED) is None

    store.refresh(job)
    assert (job.lease_until, job.error) == (until, None)


def test_a_job_without_a_runner_has_no_lease_to_end(store: Session, counting: Counting, job: Job) -> None:
    assert release_dead(store, job.id, runner="here:1", error=DIED) is None
    claim_job(store, job.id)
    expire_lease(store, job.id)
    assert release_dead(store, job.id, runner="here:1", error=DIED) is None
    counting.run(job)
    assert release_dead(store, job.id, runner="unknown", error=DIED) is None


# What the audit log says of it


def lost(store: Session, job: Job) -> list[tuple[str, str]]:
    """Which runners have lost the job, and how."""
    events = select(AuditEvent).where(
        AuditEvent.subject == job.audit_subject, AuditEvent.action == "count.lease_lost"
    )
    return [
        (event.detail["runner"], event.detail["why"])
        for event in store.scalars(events.order_by(AuditEvent.id))
        if (event.workspace_id, event.user_id) == (job.workspace_id, None)
    ]


def test_a_lease_that_ran_out_and_a_runner_that_died_are_recorded_and_a_release_is_none(
    store: Session, counting: Counting, job: Job
) -> None:
    claim_job(store, job.id)
    assert lost(store, job) == []
    expire_lease(store, job.id)
    claim_job(store, job.id, "here:2")
    assert lost(store, job) == [("here:1", "silent")]

    release_dead(store, job.id, runner="here:2", error=DIED)
    held = claim_job(store, job.id, "here:3")

    assert lost(store, job) == [("here:1", "silent"), ("here:2", "died")], "once for each"
    assert held is not None
    release(store, held, counts_as_a_claim=False)
    assert counting.run(job) == "done"
    assert len(lost(store, job)) == 2
