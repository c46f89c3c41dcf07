"""The queue forgets, repeats and would like to end a restore: the database knows better."""

from collections.abc import Iterator

import pytest
from rq import Queue

from tests.support.browser import Browser
from tests.support.house import House
from tests.support.processes import WorkerProcess, wait_until


@pytest.fixture(scope="module")
def worker(house: House) -> Iterator[WorkerProcess]:
    with house.worker() as worker:
        wait_until(lambda: worker.child("restore"))
        yield worker


def test_emptying_the_queue_loses_no_restore_and_its_page_says_that_it_waits(
    house: House, worker: WorkerProcess
) -> None:
    """(14) Redis forgets everything while the job is queued; the supervisor alone is left to know of it."""
    with worker.held_back("restore"):
        world = house.new_world(10)
        job_id = house.start_all(world)
        house.redis.flushall()
        page = Browser(house.app, world.admin).get(f"/restores/{job_id}")
        assert "Waiting to begin: 10 contacts." in page.text
        assert house.job(job_id).state == "queued"

    house.check_that_all_came_back_once(job_id, 10)

    assert house.was_rung_again(job_id)


def test_a_job_that_is_rung_for_five_times_runs_once(house: House, worker: WorkerProcess) -> None:
    """(15) One run, four that find nothing to do."""
    world = house.new_world(20)
    with worker.held_back("restore"):
        job_id = house.start_all(world)
        for _ in range(4):
            house.doorbell.ring("restore", job_id)

    house.check_that_all_came_back_once(job_id, 20)
    wait_until(lambda: len(house.logged("job_not_claimed", job=job_id)) == 4)
    assert house.job(job_id).fence == 1
    assert len(house.history(job_id)) == 5  # the last one is empty and ends the job


def test_a_restore_may_take_longer_than_the_timeout_of_the_queue(
    house: House, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(16) RQ would end a job after 180 seconds; here after one."""
    monkeypatch.setattr(Queue, "DEFAULT_TIMEOUT", 1)

    job_id = house.start_job(2 * house.many)

    house.check_that_all_came_back_once(job_id, 2 * house.many)
    job = house.job(job_id)
    assert job.started_at is not None
    assert job.finished_at is not None
    assert (job.finished_at - job.started_at).total_seconds() > 1
    assert job.fence == 1
