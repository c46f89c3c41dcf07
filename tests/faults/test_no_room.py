"""The disk of the database is full: a restore waits for space, says so, and fails no contact."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World, new_world
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.deployment import Deployment, new_deployment
from tests.support.faults import full_from
from tests.support.processes import WorkerProcess, wait_until, worker_process
from webapp.jobs.isolation import MAX_DEATHS
from webapp.local_services import private_redis
from webapp.models import Contact, RestoreOutcome

CONTACTS, BATCH = 600, 40


@pytest.fixture(scope="module")
def deployment(environ: dict[str, str]) -> Iterator[Deployment]:
    with new_deployment(environ, BATCH_SIZE=str(BATCH)) as deployment, private_redis(deployment.folder):
        yield deployment


@pytest.fixture(scope="module")
def web(deployment: Deployment) -> Iterator[Flask]:
    """The web of the deployment."""
    with another_app(deployment.environ) as web:
        yield web


@contextmanager
def cramped_worker(deployment: Deployment, full: Path) -> Iterator[WorkerProcess]:
    deployment.logs.append(deployment.folder / "cramped.log")
    environ = deployment.environ | {"DISK_IS_FULL": str(full)}
    with worker_process(environ, deployment.logs[-1], script="tests/faults/cramped.py", warm=True) as worker:
        yield worker


@contextmanager
def no_room(deployment: Deployment, full: Path, middle: int) -> Iterator[None]:
    """On SQLite the file must not grow, on PostgreSQL outcomes of contacts up to `middle` cannot be
    stored."""
    if deployment.engine.dialect.name == "sqlite":
        full.touch()
        try:
            yield
        finally:
            full.unlink()
    else:
        with full_from(deployment.engine, middle):
            yield


def new_bin(deployment: Deployment) -> tuple[World, int]:
    """A bin and the contact in its middle."""
    with deployment.writing() as session:
        world = new_world(session)
        contacts = new_contacts(session, world, CONTACTS)
        delete(session, world, *contacts)
        session.commit()
        return world, contacts[CONTACTS // 2].id


def test_a_restore_without_disk_space_says_so_fails_no_contact_and_continues_when_there_is_space(
    deployment: Deployment, web: Flask, tmp_path: Path
) -> None:
    """(21) While there is no space, it is rung for more often than processes may die at one contact."""
    full = tmp_path / "full"
    world, middle = new_bin(deployment)
    admin = Browser(web, world.admin)
    with cramped_worker(deployment, full) as worker:
        wait_until(lambda: worker.child("restore"))
        with no_room(deployment, full, middle):
            job_id = deployment.start_all(world)

            def interrupted(times: int) -> bool:
                return len(deployment.logged("job_interrupted", job=job_id)) >= times

            for times in range(1, MAX_DEATHS + 3):
                wait_until(partial(interrupted, times))
                job = deployment.job(job_id)
                assert (job.state, job.count("failed"), job.one_by_one) == ("running", 0, 0)
                assert job.claims_since_progress <= 1, "more than the current claim"
                deployment.doorbell.ring("restore", job_id)

            restored = check_that_batches_came_whole(deployment, job_id)
            assert 0 < restored < CONTACTS
            reason = "The database has no room left: "
            assert (deployment.job(job_id).error or {})["code"] == "database_full"
            said = f"Interrupted at {restored} of {CONTACTS}; it resumes automatically. {reason}"
            wait_until(lambda: said in admin.get(f"/restores/{job_id}").text)
        deployment.check_that_all_came_back_once(job_id, CONTACTS)


def check_that_batches_came_whole(deployment: Deployment, job_id: int) -> int:
    """How many contacts are restored: a whole number of batches, by ledger and counters."""
    with Session(deployment.engine) as session:
        live = session.scalar(select(func.count()).where(Contact.restore_job_id == job_id))
        told = session.scalar(select(func.count()).where(RestoreOutcome.job_id == job_id))
    job = deployment.job(job_id)
    assert live == told == job.count("restored") == job.processed
    assert job.count("restored") % BATCH == 0
    return job.count("restored")
