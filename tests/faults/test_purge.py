"""Purging and deleting for ever, by real workers that are killed and stopped, and by the real supervisor."""

import os
import random
import signal
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.bins import fill_bin
from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from tests.faults.checker import check_history
from tests.support.accidents import Accident
from tests.support.deployment import Deployment
from tests.support.processes import WorkerProcess, children, wait_until
from webapp.clock import read_clock
from webapp.models import Contact, Deletion, Job
from webapp.purging import erase_work
from webapp.purging import work as purge_work
from webapp.purging.scope import about_matching
from webapp.restoring.filters import Filters

LONG_AGO, HOUR = timedelta(days=32), timedelta(hours=1)
# Such a worker's reconciler does not come by during a test.
PATIENT = "0.1"
Start = Callable[[Deployment, World], int]


def a_world(deployment: Deployment, contacts: int, *, ago: timedelta) -> World:
    with deployment.writing() as session:
        world = new_world(session)
        fill_bin(session, world, contacts, ago=ago)
        session.commit()
    return world


def a_horse(worker: WorkerProcess) -> int:
    """The process that carries the job out, as soon as there is one."""
    found: list[int] = []

    def is_found() -> bool:
        found[:] = [horse for pid in worker.of_queue("bulk") for horse in children(pid)]
        return bool(found)

    wait_until(is_found)
    return found[0]


def start_purge(deployment: Deployment, world: World) -> int:
    with deployment.writing() as session:
        key, now, ring = str(uuid.uuid4()), read_clock(session), deployment.doorbell.ring
        return purge_work.start(session, deployment.lock, ring, workspace_id=world.id, key=key, now=now).id


def start_erasing(deployment: Deployment, world: World) -> int:
    with deployment.writing() as session:
        question = about_matching(session, world.id, Filters(), read_clock(session))
        return erase_work.start(
            session,
            deployment.lock,
            deployment.doorbell.ring,
            scope=question.scope,
            total=question.scope.expected,
            requested_by=world.admin.id,
        ).id


KINDS = pytest.mark.parametrize(
    ("start", "ago", "outcome"),
    [(start_purge, LONG_AGO, "purged"), (start_erasing, HOUR, "erased")],
    ids=["purge", "erase"],
)


def check_that_all_are_gone_once(deployment: Deployment, world: World, job_id: int, contacts: int) -> Job:
    job = deployment.wait_for_the_end(job_id)
    (outcome,) = (name for name in ("purged", "erased") if name in job.counts)
    with Session(deployment.engine) as session:
        assert session.scalar(select(func.count()).where(Contact.workspace_id == world.id)) == 0
        assert session.scalar(select(Deletion.in_bin).where(Deletion.workspace_id == world.id)) == 0
        assert check_history(session) == []
    assert (job.state, job.count(outcome), job.processed) == ("done", contacts, contacts)
    return job


@KINDS
def test_a_horse_that_is_killed_again_and_again_removes_each_contact_once(
    deployment: Deployment, start: Start, ago: timedelta, outcome: str
) -> None:
    """`tests/unit/purging/test_killed.py` kills it at each statement."""
    many, kills, chance = 600, 3, random.Random(32)
    with deployment.worker(BATCH_SIZE="20", TIME_SCALE=PATIENT) as worker:
        wait_until(lambda: worker.child("bulk"))
        # Now that the supervisor has looked for the first time: it would start the purge itself.
        wait_until(lambda: deployment.logged("worker_started", queue="bulk"))
        world = a_world(deployment, many, ago=ago)
        job_id = start(deployment, world)

        def has_processed(contacts: float) -> bool:
            return deployment.job(job_id).processed >= contacts

        def is_claimed_again(fence: int) -> bool:
            return deployment.job(job_id).fence > fence

        for kill in range(kills):
            wait_until(partial(has_processed, (kill + chance.random()) * many / (kills + 1)))
            os.kill(a_horse(worker), signal.SIGKILL)
            wait_until(partial(is_claimed_again, kill + 1))
        job = check_that_all_are_gone_once(deployment, world, job_id, many)

    assert job.fence == kills + 1
    assert job.count(outcome) == many


@KINDS
def test_sigterm_hands_it_over_and_a_runner_that_was_overtaken_removes_nothing_more(
    deployment: Deployment, start: Start, ago: timedelta, outcome: str
) -> None:
    many = 60
    world = a_world(deployment, many, ago=ago)
    with deployment.worker(Accident("after COMMIT", Accident.STOP, at=4)) as sleeper:
        wait_until(lambda: sleeper.child("bulk"))
        job_id = start(deployment, world)
        wait_until(lambda: deployment.job(job_id).processed > 0)
        horse = a_horse(sleeper)
        with deployment.worker():
            check_that_all_are_gone_once(deployment, world, job_id, many)
            before = deployment.history(job_id)
            os.kill(horse, signal.SIGCONT)
            wait_until(lambda: deployment.logged("lost_lease", job=job_id, attempt=1))
    assert [batch.id for batch in deployment.history(job_id)] == [batch.id for batch in before]
    assert deployment.job(job_id).count(outcome) == many


def test_the_supervisor_starts_one_purge_by_itself_and_none_beside_a_restore(
    deployment: Deployment,
) -> None:
    """The restore stands still: a worker of its queue has not begun."""
    due, held = (a_world(deployment, 12, ago=LONG_AGO) for _ in range(2))
    with deployment.writing() as session:
        fill_bin_again(session, held)
        session.commit()
    restore = deployment.start_all(held)
    with Session(deployment.engine) as session:
        before = session.get_one(Job, restore).state

    with deployment.worker(RESTORE_WORKERS="0") as worker:
        wait_until(lambda: worker.child("bulk"))
        wait_until(lambda: deployment.jobs_of(due))
        (job_id,) = deployment.jobs_of(due)
        check_purged = deployment.wait_for_the_end(job_id)

    assert (check_purged.kind, check_purged.requested_by) == ("purge", None)
    assert (check_purged.state, check_purged.count("purged")) == ("done", 12)
    assert before == "queued"
    assert deployment.jobs_of(held) == [restore]
    assert len(deployment.ids_in_the_bin(held)) == 13


def fill_bin_again(session: Session, world: World) -> None:
    """One more contact in the bin, which can be restored."""
    delete(session, world, new_contact(session, world))
