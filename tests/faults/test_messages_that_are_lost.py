"""The queue loses and repeats messages and has a timeout: the database decides."""

import os
import signal
from collections.abc import Iterator
from time import monotonic

import pytest
from rq import Queue

from tests.support.accidents import Accident
from tests.support.browser import Browser
from tests.support.deployment import Deployment
from tests.support.processes import WorkerProcess, wait_until
from tests.support.work import send_message

FEW = 60


@pytest.fixture
def worker(deployment: Deployment) -> Iterator[WorkerProcess]:
    with deployment.worker() as worker:
        wait_until(lambda: worker.child("restore"))
        yield worker


def test_emptying_the_queue_loses_no_restore_and_its_page_says_that_it_waits(
    deployment: Deployment, worker: WorkerProcess
) -> None:
    """(14) Redis loses everything while the job is queued; the supervisor finds the job in the database."""
    with worker.held_back("restore"):
        world = deployment.new_world(10)
        job_id = deployment.start_all(world)
        deployment.redis.flushall()
        page = Browser(deployment.app, world.admin).get(f"/restores/{job_id}")
        assert "Waiting to begin: 10 contacts." in page.text
        assert deployment.job(job_id).state == "queued"

    deployment.check_that_all_came_back_once(job_id, 10)

    assert deployment.was_rung_again(job_id)


def test_a_job_that_is_rung_for_five_times_runs_once(deployment: Deployment, worker: WorkerProcess) -> None:
    """(15) One run, four that find nothing to do."""
    world = deployment.new_world(20)
    with worker.held_back("restore"):
        job_id = deployment.start_all(world)
        for _ in range(4):
            send_message(deployment.redis, job_id)

    deployment.check_that_all_came_back_once(job_id, 20)
    wait_until(lambda: len(deployment.logged("job_not_claimed", job=job_id)) == 4)
    assert deployment.job(job_id).fence == 1
    assert len(deployment.history(job_id)) == 5  # the last one is empty and ends the job


def test_a_restore_may_take_longer_than_the_timeout_of_the_queue(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(16) RQ would end a job after 180 seconds; here after one, for which the horse stands still. The
    alarm that RQ would set reaches it when it goes on."""
    monkeypatch.setattr(Queue, "DEFAULT_TIMEOUT", 1)
    # A lease of 300 seconds, so that no other runner takes over.
    with deployment.worker(Accident("after COMMIT", Accident.STOP, at=4), TIME_SCALE="0.1") as worker:
        job_id = deployment.start_job(FEW)
        horse, began = worker.wait_for_a_stopped_horse(), monotonic()
        wait_until(lambda: monotonic() - began > 2)
        os.kill(horse, signal.SIGCONT)
        deployment.check_that_all_came_back_once(job_id, FEW)
    assert deployment.job(job_id).fence == 1
