"""The worker as it is deployed: real processes that are stopped, killed and cut off, and lose no contact."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest
from flask_migrate import upgrade
from rq.registry import FailedJobRegistry
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts, new_tag
from tests.factories.people import new_world
from tests.support.marketing import Marketing
from tests.support.processes import WorkerProcess, is_running, wait_until, worker_process
from tests.support.restoring import Restoring
from tests.support.schema import app_on_a_new_database
from webapp.extensions import db
from webapp.jobs.doorbell import RESTORE, Doorbell, queue
from webapp.jobs.lease import RedisLease, key
from webapp.jobs.services import services
from webapp.local_services import private_redis, redis_url
from webapp.models import AutomationRun, Contact, RestoreJob, RestoreOutcome
from webapp.restoring.start import start

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")

# Small batches and many, so that a job is long enough to be hit in its middle; SQLite rests between them.
BATCH_SIZE = "5"
CONTACTS = {"sqlite": 300, "postgresql": 900}


@dataclass
class House:
    """A database and a Redis that nothing else uses, so that the worker finds only this file's jobs."""

    environ: dict[str, str]
    engine: Engine
    lease: RedisLease
    doorbell: Doorbell
    folder: Path

    def worker(self) -> AbstractContextManager[WorkerProcess]:
        return worker_process(self.environ, self.folder / "worker.log")

    def writing(self) -> Session:
        """A session that writes while the worker does: on SQLite it takes the lock at its beginning."""
        return Session(self.engine.execution_options(writes=True))

    @property
    def many(self) -> int:
        return CONTACTS[self.engine.dialect.name]

    def start_job(self, contacts: int) -> int:
        """Confirm the restore of a bin of so many contacts, and ring."""
        with self.writing() as session:
            world = new_world(session)
            delete(session, world, *new_contacts(session, world, contacts))
            session.commit()
            scope = Restoring(session, world, self.lease).question_all().scope
            return start(session, self.lease, self.doorbell.ring, scope=scope, requested_by=world.admin.id).id

    def job(self, job_id: int) -> RestoreJob:
        with Session(self.engine, expire_on_commit=False) as session:
            return session.get_one(RestoreJob, job_id)

    def was_rung_again(self, job_id: int) -> bool:
        """Whether the reconciler had to see to the job."""
        lines = (self.folder / "worker.log").read_text().splitlines()
        return any("rung_again" in line and f"job={job_id}" in line.split() for line in lines)

    def wait_for_the_middle(self, job_id: int) -> None:
        wait_until(lambda: self.job(job_id).processed > 0)
        assert self.job(job_id).state == "running"

    def check_that_all_came_back_once(self, job_id: int, contacts: int) -> None:
        wait_until(lambda: not self.job(job_id).is_active)
        job = self.job(job_id)
        assert (job.state, job.restored, job.processed) == ("done", contacts, contacts)
        with Session(self.engine) as session:
            outcomes = select(func.count()).where(RestoreOutcome.job_id == job_id)
            live = select(func.count()).where(Contact.restore_job_id == job_id, Contact.deleted_at.is_(None))
            assert session.scalar(outcomes) == session.scalar(live) == contacts


@pytest.fixture(scope="module")
def house(environ: dict[str, str]) -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="restore-worker-") as name:
        folder = Path(name)
        own = environ | {"REDIS_URL": redis_url(folder), "BATCH_SIZE": BATCH_SIZE}
        with app_on_a_new_database(own) as app:
            upgrade()
            own["DATABASE_URL"] = app.config["SQLALCHEMY_DATABASE_URI"]
            yield House(own, db.engine, services().lease, services().doorbell, folder)


@pytest.fixture(scope="module")
def worker(house: House) -> Iterator[WorkerProcess]:
    """One worker for the tests, because it takes its time to start. It is started before its Redis."""
    with house.worker() as worker:
        wait_until(lambda: worker.child("restore"))
        first = worker.child("restore")
        wait_until(lambda: worker.child("restore") not in (None, first))
        with private_redis(house.folder):
            yield worker


def test_a_supervisor_started_before_its_redis_stays_and_goes_to_work_when_it_is_there(
    house: House, worker: WorkerProcess
) -> None:
    job_id = house.start_job(contacts=1)

    house.check_that_all_came_back_once(job_id, contacts=1)

    assert worker.is_alive


def test_a_job_that_is_rung_for_is_carried_out(house: House, worker: WorkerProcess) -> None:
    job_id = house.start_job(contacts=12)

    house.check_that_all_came_back_once(job_id, contacts=12)

    job = house.job(job_id)
    assert job.fence == 1
    wait_until(lambda: not house.lease.redis.exists(key(job.workspace_id)))


def test_a_work_horse_that_is_killed_loses_and_doubles_no_contact(
    house: House, worker: WorkerProcess
) -> None:
    job_id = house.start_job(house.many)
    house.wait_for_the_middle(job_id)
    horse = worker.horse()
    assert horse is not None

    os.kill(horse, signal.SIGKILL)

    assert house.job(job_id).processed < house.many
    house.check_that_all_came_back_once(job_id, house.many)
    assert house.job(job_id).fence == 2


def test_a_worker_that_is_killed_is_started_again_and_loses_and_doubles_no_contact(
    house: House, worker: WorkerProcess
) -> None:
    """Its horse could run on as an orphan: it is killed too, so that somebody has to take over."""
    job_id = house.start_job(house.many)
    house.wait_for_the_middle(job_id)
    child, horse = worker.child("restore"), worker.horse()
    assert child is not None
    assert horse is not None

    for pid in (child, horse):
        os.kill(pid, signal.SIGKILL)

    assert house.job(job_id).processed < house.many
    house.check_that_all_came_back_once(job_id, house.many)
    assert house.job(job_id).fence >= 2
    assert house.was_rung_again(job_id)
    assert worker.child("restore") not in (None, child)
    assert worker.is_alive


def test_a_job_whose_ring_was_lost_is_carried_out_all_the_same(house: House, worker: WorkerProcess) -> None:
    job_id = house.start_job(contacts=1)
    house.lease.redis.flushall()

    house.check_that_all_came_back_once(job_id, contacts=1)


def test_what_is_due_is_carried_out_though_nobody_rang(house: House, worker: WorkerProcess) -> None:
    with house.writing() as session:
        world = new_world(session)
        marketing, vip, contact = (
            Marketing(session, world),
            new_tag(session, world),
            new_contact(session, world),
        )
        marketing.automation(vip, {"do": "wait", "hours": 24})
        marketing.tag(vip, contact)
        session.commit()

    def state() -> str | None:
        with Session(house.engine) as looking:
            run = select(AutomationRun.state).where(AutomationRun.workspace_id == world.id)
            return looking.scalar(run)

    wait_until(lambda: state() == "waiting")


def test_sigterm_in_the_middle_ends_all_within_seconds_and_the_next_worker_goes_on(
    house: House, worker: WorkerProcess
) -> None:
    job_id = house.start_job(house.many)
    house.wait_for_the_middle(job_id)
    failures = FailedJobRegistry(queue=queue(RESTORE, house.lease.redis))
    family, began, failed = worker.everything(), monotonic(), failures.get_job_count()
    assert len(family) == 4  # supervisor, two workers, one horse

    assert worker.stop() == 0

    assert monotonic() - began < 10
    assert [pid for pid in family if is_running(pid)] == []
    assert failures.get_job_count() == failed  # it was handed back, not cut off
    job = house.job(job_id)
    assert job.state == "running"
    assert 0 < job.processed < house.many
    assert job.claims_since_progress == 0
    with house.worker() as next_one:
        house.check_that_all_came_back_once(job_id, house.many)
        assert house.job(job_id).fence == 2
        check_that_its_workers_go_with_it_when_it_is_killed(next_one)


def check_that_its_workers_go_with_it_when_it_is_killed(worker: WorkerProcess) -> None:
    wait_until(lambda: len(worker.everything()) == 3)  # the last job's horse has gone
    family = worker.everything()

    worker.process.kill()

    worker.process.wait()
    wait_until(lambda: not any(is_running(pid) for pid in family))
