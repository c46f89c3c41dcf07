"""RECONCILE: jobs without a runner are rung for again, and only those."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.restoring import expire_lease
from tests.unit.protocol.conftest import Counting
from webapp.jobs.claim import claim
from webapp.jobs.recover import StalledJob, active_holders, stalled_jobs
from webapp.models import Job
from webapp.models.job import JobState


def is_stalled(session: Session, job: Job) -> bool:
    """Whether the reconciler rings for the job; other tests' jobs do not matter here."""
    found = stalled_jobs(session, ring_seconds=30, job_id=job.id)
    return found == [StalledJob(job.id, "count", job.workspace_id, job.fence)]


def test_a_job_that_was_just_rung_for_is_not_stalled(store: Session, counting: Counting, job: Job) -> None:
    counting.set_waiting_since(job, 29)

    assert not is_stalled(store, job)


def test_a_queued_job_whose_ring_was_lost_is_rung_for_again_and_marked(
    store: Session, counting: Counting, job: Job
) -> None:
    counting.set_waiting_since(job, 31)
    before = job.rung_at

    assert is_stalled(store, job)

    store.refresh(job)
    assert (job.rung_at - before).total_seconds() >= 31
    assert not is_stalled(store, job)


@pytest.mark.parametrize("has_run_out", [False, True])
def test_a_running_job_is_rung_for_when_its_lease_has_run_out(
    has_run_out: bool, store: Session, counting: Counting, job: Job
) -> None:
    claim(store, job.id, ["count"], lease=30)
    counting.set_waiting_since(job, 3600)
    if has_run_out:
        expire_lease(store, job.id)

    assert is_stalled(store, job) == has_run_out


@pytest.mark.parametrize("state", [JobState.DONE, JobState.CANCELLED, JobState.FAILED])
def test_a_job_that_has_ended_is_not_stalled(
    state: JobState, store: Session, counting: Counting, job: Job
) -> None:
    job.state = state
    counting.set_waiting_since(job, 3600)

    assert not is_stalled(store, job)


def test_an_extra_ring_is_harmless(counting: Counting, job: Job) -> None:
    assert counting.run(job) == "done"
    assert counting.run(job) == "nothing_to_do"
    assert counting.written() == [0, 1, 2, 3, 4]


def test_all_stalled_jobs_are_found_or_only_the_one_asked_for(
    store: Session, counting: Counting, job: Job
) -> None:
    second = Counting(store, new_world(store), counting.lock).start()
    for stalled in (job, second):
        counting.set_waiting_since(stalled, 3600)

    assert is_stalled(store, job)
    assert second.id in [found.job_id for found in stalled_jobs(store, ring_seconds=30)]


def test_active_jobs_hold_the_key_of_their_group(
    store: Session, world: World, counting: Counting, job: Job
) -> None:
    assert ("count", world.id, job.uuid) in active_holders(store)
    counting.run(job)
    assert world.id not in [workspace_id for _, workspace_id, _ in active_holders(store)]
