"""The worker as the operator runs it: found by its doorbell, stopped by SIGTERM, killed in the middle."""

import itertools
from collections.abc import Callable

import psutil
import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.processes import eventually, worker_process
from webapp.clock import read_clock
from webapp.jobs.services import services
from webapp.models import Contact, RestoreJob, RestoreOutcome
from webapp.restoring.filters import Filters
from webapp.restoring.question import about_all
from webapp.restoring.start import start

# So small that a signal finds the job in its middle.
SMALL = {"BATCH_SIZE": "5"}
MANY = 600

Ask = Callable[[], RestoreJob]


@pytest.fixture
def ask_for_all(app: Flask, world: World, store: Session) -> Ask:
    """Confirm "Restore all contacts" as the web does."""

    def ask() -> RestoreJob:
        question = about_all(
            store, world.id, Filters(), read_clock(store), zone=world.workspace.zone, people={}
        )
        with app.app_context():
            s = services()
        return start(store, s.lease, s.doorbell.ring, scope=question.scope, requested_by=world.admin.id)

    return ask


def bin_of(store: Session, world: World, number: int) -> None:
    delete(store, world, *new_contacts(store, world, number))
    store.commit()


def look_again(store: Session, job: RestoreJob) -> RestoreJob:
    store.rollback()
    store.refresh(job)
    return job


def assert_each_came_back_once(store: Session, world: World, job: RestoreJob, number: int) -> None:
    live = select(func.count()).where(Contact.workspace_id == world.id, Contact.deleted_at.is_(None))
    outcomes = select(func.count()).where(RestoreOutcome.job_id == job.id)
    assert (job.state, job.restored, job.skipped, job.failed) == ("done", number, 0, 0)
    assert store.scalar(live) == number
    assert store.scalar(outcomes) == number


def test_it_hears_the_doorbell_and_goes_when_it_is_told(
    environ: dict[str, str], world: World, store: Session, ask_for_all: Ask
) -> None:
    bin_of(store, world, 30)
    with worker_process(environ) as worker:
        eventually(lambda: len(worker.children()) == 2, within=20, what="a process for each queue")
        job = ask_for_all()
        eventually(lambda: not look_again(store, job).is_active, within=20, what="the end of the job")
        assert_each_came_back_once(store, world, job, 30)
        everything = worker.tree.children(recursive=True)
        assert worker.stop() == 0
        _gone, alive = psutil.wait_procs(everything, timeout=5)
        assert not alive, f"left running: {alive}"


def test_a_job_that_is_told_to_go_is_taken_up_by_the_next_worker(
    environ: dict[str, str], world: World, store: Session, ask_for_all: Ask
) -> None:
    bin_of(store, world, MANY)
    job = ask_for_all()
    with worker_process(environ | SMALL) as worker:
        eventually(lambda: look_again(store, job).processed > 0, within=20, what="the first batch")
        assert worker.stop() == 0
    assert look_again(store, job).state == "running"
    assert 0 < job.processed < MANY
    with worker_process(environ) as worker:
        eventually(lambda: not look_again(store, job).is_active, within=20, what="the end of the job")
        worker.stop()
    assert_each_came_back_once(store, world, job, MANY)
    assert job.fence == 2


def test_a_job_whose_processes_are_killed_ends_all_the_same(
    environ: dict[str, str], world: World, store: Session, ask_for_all: Ask
) -> None:
    bin_of(store, world, MANY)
    job = ask_for_all()
    with worker_process(environ | SMALL) as worker:
        for fence in itertools.count(1):
            eventually(lambda f=fence: look_again(store, job).fence >= f, within=30, what="a claim")
            if fence == 3:
                break
            progress = job.processed
            eventually(
                lambda p=progress: look_again(store, job).processed > p, within=20, what="a batch under it"
            )
            for horse in worker.horses():
                horse.kill()
        eventually(lambda: not look_again(store, job).is_active, within=40, what="the end of the job")
        worker.stop()
    assert_each_came_back_once(store, world, job, MANY)


def test_a_job_whose_ring_was_lost_is_taken_up_when_the_worker_starts(
    environ: dict[str, str], world: World, store: Session, ask_for_all: Ask, redis: Redis
) -> None:
    bin_of(store, world, 30)
    job = ask_for_all()
    redis.flushall()
    # At real times: without the look at the start it would be 30 seconds until anybody rang again.
    with worker_process(environ | {"TIME_SCALE": "1"}) as worker:
        eventually(lambda: not look_again(store, job).is_active, within=20, what="the end of the job")
        worker.stop()
    assert_each_came_back_once(store, world, job, 30)


def test_it_stays_while_redis_is_away(environ: dict[str, str]) -> None:
    away = environ | {"REDIS_URL": "redis://127.0.0.1:1/0"}
    with worker_process(away) as worker:
        first = {child.pid for child in eventually(worker.children, within=20, what="the first children")}
        eventually(
            lambda: {child.pid for child in worker.children()} - first,
            within=20,
            what="others in the place of those that found no Redis",
        )
        assert worker.process.poll() is None
        assert worker.stop() == 0
