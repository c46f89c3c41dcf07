"""CLAIM: an active job whose lease has run out becomes its runner's, under a fence of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from redis import Redis
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.restoring import Restoring, run_out
from webapp.jobs.lease import key
from webapp.models import AuditEvent, GroupMembership, RestoreJob, User
from webapp.restoring.run import Pace, take

PACE = Pace(lease_seconds=30, batch_size=10)


@pytest.fixture
def job(store: Session, world: World, restoring: Restoring) -> RestoreJob:
    delete(store, world, new_contact(store, world))
    return restoring.start(restoring.question_all().scope)


def test_a_claim_makes_the_job_running_with_a_fence_and_a_lease(store: Session, job: RestoreJob) -> None:
    claim = take(store, job.id, PACE)

    assert claim is not None
    assert (claim.fence, job.fence, job.state) == (1, 1, "running")
    assert job.started_at is not None
    assert (job.lease_until - job.started_at).total_seconds() == 30


def test_a_lease_that_runs_keeps_everybody_else_out(store: Session, other: Session, job: RestoreJob) -> None:
    take(store, job.id, PACE)

    assert take(other, job.id, PACE) is None
    store.refresh(job)
    assert job.fence == 1


def test_the_fence_grows_with_each_claim_and_the_start_stays(store: Session, job: RestoreJob) -> None:
    fences = []
    started = set()
    for _ in range(3):
        claim = take(store, job.id, PACE)
        assert claim is not None
        fences.append(claim.fence)
        started.add(job.started_at)
        run_out(store, job.id)

    assert fences == [1, 2, 3]
    assert len(started) == 1


@pytest.mark.parametrize("state", ["done", "cancelled", "failed"])
def test_a_job_that_has_ended_is_never_claimed(state: str, store: Session, job: RestoreJob) -> None:
    job.state = state
    run_out(store, job.id)

    assert take(store, job.id, PACE) is None
    assert (job.state, job.fence) == (state, 0)


def test_a_job_that_is_not_there_is_nothing_to_do(restoring: Restoring, job: RestoreJob) -> None:
    assert take(restoring.session, job.id + 1_000_000, PACE) is None


def test_of_many_who_claim_at_once_one_gets_it(engine: Engine, store: Session, job: RestoreJob) -> None:
    together, job_id = Barrier(6), job.id

    def claim(_: int) -> bool:
        with Session(engine) as session:
            together.wait()
            return take(session, job_id, PACE) is not None

    store.rollback()
    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(claim, range(6))) == [False] * 5 + [True]


@pytest.mark.parametrize("how", ["demoted", "disabled"])
def test_whoever_is_no_admin_any_more_has_the_job_cancelled_at_the_claim(
    how: str, store: Session, world: World, restoring: Restoring, job: RestoreJob, redis: Redis
) -> None:
    if how == "demoted":
        store.delete(
            store.scalars(select(GroupMembership).where(GroupMembership.user_id == world.admin.id)).one()
        )
    else:
        store.get_one(User, world.admin.id).is_active = False

    assert restoring.run(job) == "cancelled"

    assert job.why == "Ada Admin is not an admin of your account any more."
    assert job.finished_at is not None
    assert len(restoring.in_bin()) == 1
    assert restoring.outcomes(job) == {}
    assert redis.get(key(world.id)) is None
    event = store.scalars(
        select(AuditEvent).where(
            AuditEvent.workspace_id == world.id, AuditEvent.action == "restore.cancelled"
        )
    ).one()
    assert event.subject == f"restore_job:{job.id}"
    assert event.detail["why"] == job.why
