"""RECONCILE: jobs that nobody runs are rung for again, and only those."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from tests.support.restoring import Restoring, run_out
from webapp.jobs.doorbell import RESTORE, queue
from webapp.jobs.lease import RedisLease, key
from webapp.jobs.supervisor import reconcile
from webapp.models import RestoreJob
from webapp.restoring.cancel import cancel
from webapp.restoring.claim import free, take
from webapp.restoring.pace import Pace
from webapp.restoring.recover import Unheard, active_holders, keep_keys, unheard
from webapp.restoring.run import carry_out

PACE = Pace(lease_seconds=30, batch_size=1)


@pytest.fixture
def job(store: Session, world: World, restoring: Restoring) -> RestoreJob:
    delete(store, world, new_contact(store, world), new_contact(store, world))
    return restoring.start(restoring.question_all().scope)


def rung_ago(session: Session, job: RestoreJob, seconds: float) -> None:
    job.rung_at -= timedelta(seconds=seconds)
    session.commit()


def heard_again(session: Session, job: RestoreJob) -> bool:
    """Whether the reconciler rings for the job; others' jobs are none of this test's business."""
    return unheard(session, ring_seconds=30, job_id=job.id) == [Unheard(job.id, job.workspace_id, job.fence)]


def test_a_job_that_was_just_rung_for_is_left_in_peace(store: Session, job: RestoreJob) -> None:
    rung_ago(store, job, 29)

    assert not heard_again(store, job)


def test_a_queued_job_whose_ring_was_lost_is_rung_for_again_and_marked(
    store: Session, job: RestoreJob
) -> None:
    rung_ago(store, job, 31)
    before = job.rung_at

    assert heard_again(store, job)

    store.refresh(job)
    assert (job.rung_at - before).total_seconds() >= 31
    assert not heard_again(store, job)


def test_a_running_job_whose_lease_is_valid_is_left_in_peace(store: Session, job: RestoreJob) -> None:
    take(store, job.id, PACE)
    rung_ago(store, job, 3600)

    assert not heard_again(store, job)


def test_a_running_job_whose_runner_is_gone_is_rung_for_again(store: Session, job: RestoreJob) -> None:
    take(store, job.id, PACE)
    rung_ago(store, job, 3600)
    run_out(store, job.id)

    assert heard_again(store, job)


@pytest.mark.parametrize("state", ["done", "cancelled", "failed"])
def test_a_job_that_has_ended_is_left_in_peace(state: str, store: Session, job: RestoreJob) -> None:
    job.state = state
    rung_ago(store, job, 3600)

    assert not heard_again(store, job)


def test_ringing_twice_is_harmless(store: Session, restoring: Restoring, job: RestoreJob) -> None:
    assert restoring.run(job) == "done"
    assert restoring.run(job) == "nothing_to_do"
    assert len(restoring.outcomes(job)) == 2


def test_all_overdue_jobs_are_found_or_only_the_one_asked_for(
    store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    elsewhere = Restoring(store, new_world(store), restoring.lease)
    delete(store, elsewhere.world, new_contact(store, elsewhere.world))
    second = elsewhere.start(elsewhere.question_all().scope)
    for overdue in (job, second):
        rung_ago(store, overdue, 3600)

    assert heard_again(store, job)
    assert second.id in [found.job_id for found in unheard(store, ring_seconds=30)]


def is_freed(session: Session, job: RestoreJob, runner: str) -> bool:
    return free(session, job.id, runner=runner, why="The process that carried it out died (signal 9).")


def test_the_lease_of_a_process_known_to_be_dead_is_ended_and_why_is_kept(
    store: Session, job: RestoreJob
) -> None:
    take(store, job.id, PACE, runner="here:1")
    assert take(store, job.id, PACE, runner="here:2") is None

    assert is_freed(store, job, "here:1")

    assert job.last_error == "The process that carried it out died (signal 9)."
    claim = take(store, job.id, PACE, runner="here:2")
    assert claim is not None
    assert (claim.fence, job.runner) == (2, "here:2")


def test_the_death_of_a_process_costs_no_other_its_lease(store: Session, job: RestoreJob) -> None:
    take(store, job.id, PACE, runner="here:1")
    run_out(store, job.id)
    take(store, job.id, PACE, runner="there:1")
    until = job.lease_until

    assert not is_freed(store, job, "here:1")

    store.refresh(job)
    assert (job.lease_until, job.last_error) == (until, None)


def test_a_job_that_nobody_runs_has_no_lease_to_end(
    store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    assert not is_freed(store, job, "here:1")
    take(store, job.id, PACE, runner="here:1")
    run_out(store, job.id)
    assert not is_freed(store, job, "here:1")
    restoring.run(job)
    assert not is_freed(store, job, "here:1")


def test_the_next_runner_goes_on_where_the_dead_one_stopped(
    store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    class Killed(BaseException):
        pass

    def die() -> bool:
        raise Killed

    with pytest.raises(Killed):
        carry_out(store, restoring.lease, job.id, pace=PACE, runner="here:1", should_stop=die)
    assert restoring.run(job) == "nothing_to_do"
    assert is_freed(store, job, "here:1")

    assert restoring.run(job) == "done"
    assert (job.restored, len(restoring.outcomes(job))) == (2, 2)


def test_active_jobs_hold_their_workspaces_keys(
    store: Session, world: World, restoring: Restoring, job: RestoreJob
) -> None:
    assert (world.id, job.uuid) in active_holders(store)
    restoring.run(job)
    assert world.id not in dict(active_holders(store))


def test_the_reconciler_rings_and_sets_the_lost_key_again(
    app: Flask, store: Session, world: World, job: RestoreJob, redis: Redis
) -> None:
    redis.delete(key(world.id))
    rung_ago(store, job, 3600)

    with app.app_context():
        rung = reconcile()

    assert job.id in rung
    assert [job.id] in [message.args for message in queue(RESTORE, redis).get_jobs()]
    assert redis.get(key(world.id)) == job.uuid.encode()
    queue(RESTORE, redis).empty()


class BusyLease(RedisLease):
    """Between the reconciler's look at the active jobs and its renewal of their keys something happens."""

    def __init__(self, lease: RedisLease, meanwhile: Callable[[], object]) -> None:
        super().__init__(lease.redis, lock_seconds=60, starting_seconds=10)
        self.meanwhile = meanwhile

    def renew(self, workspace_id: int, holder: str) -> None:
        self.meanwhile()
        super().renew(workspace_id, holder)


@pytest.mark.parametrize("how", ["done", "cancelled"])
def test_a_job_that_ends_while_its_key_is_renewed_does_not_get_it_back(
    how: str,
    store: Session,
    other: Session,
    world: World,
    restoring: Restoring,
    job: RestoreJob,
    redis: Redis,
) -> None:
    """(8) After the end the key is gone, and stays away."""
    job_id, ended = job.id, []

    def end() -> None:
        if not ended:
            if how == "done":
                ended.append(carry_out(other, restoring.lease, job_id, pace=Pace(30, 10)))
            else:
                ended.append(cancel(other, restoring.lease, job_id, by=None))
            assert redis.get(key(world.id)) is None

    keep_keys(store, BusyLease(restoring.lease, end))

    assert ended == [how]
    assert redis.get(key(world.id)) is None
