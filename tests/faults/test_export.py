"""Exports whose workers are killed and stopped: the file has each row once, or does not exist."""

import csv
import os
import random
import signal
from functools import partial
from io import StringIO

from sqlalchemy.orm import Session

from tests.faults.large import begin_export
from tests.support.deployment import Deployment
from tests.support.exporting import content_of, has_any_file
from tests.support.processes import wait_until
from webapp.jobs.cancel import cancel
from webapp.worker.kinds import EXPORT

# Such a worker has a lease of 300 seconds: no test here waits for one.
PATIENT = "0.1"
MANY, FEW, KILLS = 1200, 600, 20


def check_that_each_row_is_there_once(deployment: Deployment, job_id: int, contacts: int) -> None:
    job = deployment.wait_for_the_end(job_id)
    assert (job.state, job.counts) == ("done", {"exported": contacts})
    with Session(deployment.engine) as session:
        data = content_of(session, job)
    assert data is not None
    rows = list(csv.DictReader(StringIO(data.decode("utf-8-sig"), newline="")))
    assert [row["Last Name"] for row in rows] == [f"Number {i}" for i in range(contacts, 0, -1)]


def test_a_horse_that_is_killed_twenty_times_writes_each_row_once(deployment: Deployment) -> None:
    chance = random.Random(13)
    with deployment.worker(BATCH_SIZE="10", TIME_SCALE=PATIENT) as worker:
        wait_until(lambda: worker.child(EXPORT.queue))
        _, job_id = begin_export(deployment, MANY)

        def has_processed(contacts: float) -> bool:
            return deployment.job(job_id).processed >= contacts

        def is_claimed_again(fence: int) -> bool:
            return deployment.job(job_id).fence > fence

        for kill in range(KILLS):
            # Somewhere in the next twentieth, so that the kills are spread over the walk.
            place = (kill + chance.random()) * MANY / (KILLS + 1)
            wait_until(partial(has_processed, place))
            os.kill(worker.wait_for_a_horse(EXPORT.queue), signal.SIGKILL)
            wait_until(partial(is_claimed_again, kill + 1))
        check_that_each_row_is_there_once(deployment, job_id, MANY)

    assert deployment.job(job_id).fence == KILLS + 1


def test_an_export_that_is_handed_over_by_sigterm_goes_on_where_it_was(deployment: Deployment) -> None:
    with deployment.worker(BATCH_SIZE="10", TIME_SCALE=PATIENT) as worker:
        wait_until(lambda: worker.child(EXPORT.queue))
        _, job_id = begin_export(deployment, FEW)
        deployment.wait_for_the_middle(job_id)
        worker.stop()
    job = deployment.job(job_id)
    assert (job.state, job.error) == ("running", None)

    deployment.carry_out(job_id, batch_size=100)

    check_that_each_row_is_there_once(deployment, job_id, FEW)


def test_an_export_that_is_cancelled_while_a_worker_makes_it_leaves_no_file(deployment: Deployment) -> None:
    with deployment.worker(BATCH_SIZE="10"):
        _, job_id = begin_export(deployment, FEW)
        deployment.wait_for_the_middle(job_id)
        with deployment.writing() as session:
            cancel(session, deployment.lock, job_id, by=None)
        job = deployment.wait_for_the_end(job_id)

    assert job.state == "cancelled"
    with deployment.writing() as session:
        assert not has_any_file(session, job)
