"""Purging and deleting for ever, by real workers that are killed and stopped, and by the real supervisor."""

import os
import random
import signal
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.faults.checker import check_history
from tests.faults.large import HOUR, LONG_AGO, begin_erase, begin_purge, new_bin
from tests.support.accidents import Accident
from tests.support.deployment import Deployment
from tests.support.processes import wait_until
from webapp.clock import read_clock
from webapp.models import Contact, Deletion, Job

# Such a worker's reconciler does not come by during a test.
PATIENT = "0.1"


def check_that_all_are_gone_once(deployment: Deployment, world: World, job_id: int, contacts: int) -> Job:
    job = deployment.wait_for_the_end(job_id)
    (outcome,) = (name for name in ("purged", "erased") if name in job.counts)
    with Session(deployment.engine) as session:
        assert session.scalar(select(func.count()).where(Contact.workspace_id == world.id)) == 0
        assert session.scalar(select(Deletion.in_bin).where(Deletion.workspace_id == world.id)) == 0
        assert check_history(session) == []
    assert (job.state, job.count(outcome), job.processed) == ("done", contacts, contacts)
    return job


def test_a_horse_that_is_killed_again_and_again_purges_each_contact_once(deployment: Deployment) -> None:
    """`tests/unit/purging/test_killed.py` kills it at each statement."""
    many, kills, chance = 600, 3, random.Random(32)
    # Begun before the supervisor looks: it would start a purge itself.
    world, job_id = begin_purge(deployment, many)
    with deployment.worker(BATCH_SIZE="20", TIME_SCALE=PATIENT) as worker:

        def has_processed(contacts: float) -> bool:
            return deployment.job(job_id).processed >= contacts

        def is_claimed_again(fence: int) -> bool:
            return deployment.job(job_id).fence > fence

        for kill in range(kills):
            wait_until(partial(has_processed, (kill + chance.random()) * many / (kills + 1)))
            os.kill(worker.wait_for_a_horse("bulk"), signal.SIGKILL)
            wait_until(partial(is_claimed_again, kill + 1))
        job = check_that_all_are_gone_once(deployment, world, job_id, many)

    assert job.fence == kills + 1


def test_a_runner_that_was_overtaken_deletes_nothing_more_for_ever(deployment: Deployment) -> None:
    many = 60
    world, job_id = begin_erase(deployment, many)
    with deployment.worker(Accident("after COMMIT", Accident.STOP, at=4)) as sleeper:
        horse = sleeper.wait_for_a_stopped_horse("bulk")
        with deployment.worker():
            check_that_all_are_gone_once(deployment, world, job_id, many)
            before = deployment.history(job_id)
            os.kill(horse, signal.SIGCONT)
            wait_until(lambda: deployment.logged("lost_lease", job=job_id, attempt=1))
    assert [batch.id for batch in deployment.history(job_id)] == [batch.id for batch in before]


def test_the_supervisor_starts_one_purge_by_itself_and_none_beside_a_restore(
    deployment: Deployment,
) -> None:
    due, held = (new_bin(deployment, 12, ago=LONG_AGO) for _ in range(2))
    with deployment.writing() as session:
        delete(session, held, new_contact(session, held))
        session.commit()
    restore = deployment.start_all(held)
    with deployment.writing() as session:
        # As if a runner elsewhere had it for an hour.
        session.get_one(Job, restore).lease_until = read_clock(session) + HOUR
        session.commit()

    with deployment.worker() as worker:
        wait_until(lambda: worker.child("bulk"))
        wait_until(lambda: deployment.jobs_of(due))
        (job_id,) = deployment.jobs_of(due)
        purged = deployment.wait_for_the_end(job_id)

    assert (purged.kind, purged.requested_by) == ("purge", None)
    assert (purged.state, purged.count("purged")) == ("done", 12)
    assert deployment.jobs_of(held) == [restore]
    assert len(deployment.ids_in_the_bin(held)) == 13
