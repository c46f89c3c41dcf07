"""The disk of the database is full: a restore waits for room, says so, and blames no contact."""

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
from tests.support.faults import full_from
from tests.support.house import House, new_house
from tests.support.processes import WorkerProcess, wait_until, worker_process
from webapp.jobs.isolation import MAX_DEATHS
from webapp.local_services import private_redis
from webapp.models import Contact, RestoreOutcome

CONTACTS, BATCH = 600, 40


@pytest.fixture(scope="module")
def house(environ: dict[str, str]) -> Iterator[House]:
    with new_house(environ, BATCH_SIZE=str(BATCH)) as house, private_redis(house.folder):
        yield house


@pytest.fixture(scope="module")
def web(house: House) -> Iterator[Flask]:
    """The pages of the house, served by an app of their own."""
    with another_app(house.environ) as web:
        yield web


@contextmanager
def cramped_worker(house: House, full: Path) -> Iterator[WorkerProcess]:
    house.logs.append(house.folder / "cramped.log")
    environ = house.environ | {"DISK_IS_FULL": str(full)}
    with worker_process(environ, house.logs[-1], script="tests/faults/cramped.py") as worker:
        yield worker


@contextmanager
def no_room(house: House, full: Path, middle: int) -> Iterator[None]:
    """On SQLite the file may not grow, on PostgreSQL outcomes of contacts up to `middle` have no room."""
    if house.engine.dialect.name == "sqlite":
        full.touch()
        try:
            yield
        finally:
            full.unlink()
    else:
        with full_from(house.engine, middle):
            yield


def new_bin(house: House) -> tuple[World, int]:
    """A bin, and its contact in the middle."""
    with house.writing() as session:
        world = new_world(session)
        contacts = new_contacts(session, world, CONTACTS)
        delete(session, world, *contacts)
        session.commit()
        return world, contacts[CONTACTS // 2].id


def test_a_restore_without_disk_space_says_so_fails_no_contact_and_continues_when_there_is_space(
    house: House, web: Flask, tmp_path: Path
) -> None:
    """(21) Asked to go on time after time meanwhile, more often than a process may die of one contact."""
    full = tmp_path / "full"
    world, middle = new_bin(house)
    admin = Browser(web, world.admin)
    with cramped_worker(house, full) as worker:
        wait_until(lambda: worker.child("restore"))
        with no_room(house, full, middle):
            job_id = house.start_all(world)

            def interrupted(times: int) -> bool:
                return len(house.logged("job_interrupted", job=job_id)) >= times

            for times in range(1, MAX_DEATHS + 3):
                wait_until(partial(interrupted, times))
                job = house.job(job_id)
                assert (job.state, job.count("failed"), job.one_by_one) == ("running", 0, 0)
                assert job.claims_since_progress <= 1, "more than the claim that may just be under way"
                house.doorbell.ring("restore", job_id)

            restored = check_that_batches_came_whole(house, job_id)
            assert 0 < restored < CONTACTS
            reason = "The database has no room left: "
            assert (house.job(job_id).error or {})["code"] == "database_full"
            said = f"Interrupted at {restored} of {CONTACTS}; it goes on by itself. {reason}"
            wait_until(lambda: said in admin.get(f"/restores/{job_id}").text)
        house.check_that_all_came_back_once(job_id, CONTACTS)


def check_that_batches_came_whole(house: House, job_id: int) -> int:
    """How many contacts are back: a number of whole batches, as ledger and counters say."""
    with Session(house.engine) as session:
        live = session.scalar(select(func.count()).where(Contact.restore_job_id == job_id))
        told = session.scalar(select(func.count()).where(RestoreOutcome.job_id == job_id))
    job = house.job(job_id)
    assert live == told == job.count("restored") == job.processed
    assert job.count("restored") % BATCH == 0
    return job.count("restored")
