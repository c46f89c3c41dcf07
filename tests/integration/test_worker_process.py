"""The worker as it is deployed: real processes that are stopped and killed, and lose no contact."""

import os
import signal
from collections.abc import Iterator

import psutil
import pytest
from rq.command import send_command
from rq.registry import FailedJobRegistry
from rq.utils import as_text
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_tag
from tests.factories.people import new_world
from tests.support.deployment import Deployment, new_deployment
from tests.support.marketing import Marketing
from tests.support.processes import WorkerProcess, is_running, wait_until
from tests.support.stranger import attack, attack_pickles, confuse, marker
from webapp.local_services import private_redis
from webapp.models import AutomationRun, Contact, ContactSearch, Tag
from webapp.restoring.work import RESTORE
from webapp.worker.message import queue
from webapp.worker.redis_lock import key

PUNYCODE = "ann@xn--mller-kva.example"


@pytest.fixture(scope="module")
def deployment(environ: dict[str, str]) -> Iterator[Deployment]:
    """On SQLite its workers are started by their command, as an operator starts them; that takes long."""
    with new_deployment(environ) as deployment:
        deployment.warm = deployment.engine.dialect.name == "postgresql"
        yield deployment


@pytest.fixture(scope="module")
def worker(deployment: Deployment) -> Iterator[WorkerProcess]:
    """One worker for all tests, because it takes long to start. It is started before its Redis."""
    with deployment.worker() as worker:
        wait_until(lambda: worker.child("restore"))
        first = worker.child("restore")
        wait_until(lambda: worker.child("restore") not in (None, first))
        with private_redis(deployment.folder):
            yield worker


def test_a_supervisor_started_before_its_redis_waits_and_works_when_it_is_there(
    deployment: Deployment, worker: WorkerProcess
) -> None:
    job_id = deployment.start_job(contacts=1)

    deployment.check_that_all_came_back_once(job_id, contacts=1)

    assert worker.is_alive


def test_a_job_that_is_rung_for_is_carried_out(deployment: Deployment, worker: WorkerProcess) -> None:
    job_id = deployment.start_job(contacts=12)

    deployment.check_that_all_came_back_once(job_id, contacts=12)

    job = deployment.job(job_id)
    assert job.fence == 1
    wait_until(lambda: not deployment.lock.redis.exists(key("restore", job.workspace_id)))


def test_what_a_stranger_writes_to_redis_runs_nothing_and_stops_no_worker(
    deployment: Deployment, worker: WorkerProcess
) -> None:
    """Neither as a message nor as a command of RQ's to its workers (docs/adr/0039)."""
    redis, family = deployment.lock.redis, worker.of_queue(RESTORE.queue)
    workers = [as_text(key).split(":")[2] for key in redis.smembers(f"rq:workers:{RESTORE.queue}")]
    assert workers
    names = attack(redis, RESTORE.queue) + attack_pickles(redis, RESTORE.queue)
    confuse(redis, RESTORE.queue)
    for name in workers:
        for command in ("kill-horse", "shutdown", "stop-job"):
            send_command(redis, name, command, job_id="first")

    job_id = deployment.start_job(contacts=5)

    deployment.check_that_all_came_back_once(job_id, contacts=5)
    assert [name for name in names if marker(name).exists()] == []
    assert worker.of_queue(RESTORE.queue) == family, "no worker has ended"


def test_the_supervisor_has_nothing_that_a_fork_would_break(worker: WorkerProcess) -> None:
    """A fork copies one thread, and two processes that use one connection mix their answers (ADR 51)."""
    supervisor = psutil.Process(worker.process.pid)

    assert supervisor.num_threads() == 1
    assert supervisor.net_connections(kind="all") == []


def test_a_killed_work_horse_loses_and_doubles_no_contact(
    deployment: Deployment, worker: WorkerProcess
) -> None:
    job_id = deployment.start_job(deployment.many)
    deployment.wait_for_the_middle(job_id)
    horse = worker.horse()
    assert horse is not None

    os.kill(horse, signal.SIGKILL)

    assert deployment.job(job_id).processed < deployment.many
    deployment.check_that_all_came_back_once(job_id, deployment.many)
    assert deployment.job(job_id).fence == 2


def test_a_killed_worker_is_started_again_and_loses_and_doubles_no_contact(
    deployment: Deployment, worker: WorkerProcess
) -> None:
    """Its horse could continue as an orphan: it is killed too, so that another process has to take over."""
    job_id = deployment.start_job(deployment.many)
    deployment.wait_for_the_middle(job_id)
    child, horse = worker.child("restore"), worker.horse()
    assert child is not None
    assert horse is not None

    for pid in (child, horse):
        os.kill(pid, signal.SIGKILL)

    assert deployment.job(job_id).processed < deployment.many
    deployment.check_that_all_came_back_once(job_id, deployment.many)
    assert deployment.job(job_id).fence >= 2
    assert deployment.was_rung_again(job_id)
    assert worker.child("restore") not in (None, child)
    assert worker.is_alive


def test_a_job_whose_ring_was_lost_is_still_carried_out(
    deployment: Deployment, worker: WorkerProcess
) -> None:
    job_id = deployment.start_job(contacts=1)
    deployment.lock.redis.flushall()

    deployment.check_that_all_came_back_once(job_id, contacts=1)


def test_due_work_is_carried_out_without_a_ring(deployment: Deployment, worker: WorkerProcess) -> None:
    with deployment.writing() as session:
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
        with Session(deployment.engine) as looking:
            run = select(AutomationRun.state).where(AutomationRun.workspace_id == world.id)
            return looking.scalar(run)

    wait_until(lambda: state() == "waiting")


def test_what_the_previous_release_writes_gets_its_keys(
    deployment: Deployment, worker: WorkerProcess
) -> None:
    with deployment.writing() as session:
        world = new_world(session)
        tag, contact = new_tag(session, world, "VIP"), new_contact(session, world)
        tag.name_key, contact.email, contact.email_key = None, PUNYCODE, PUNYCODE
        session.execute(update(ContactSearch).filter_by(contact_id=contact.id).values(folded="", folding=0))
        session.commit()
        ids = {"tag": tag.id, "contact": contact.id}

    def keys() -> tuple[str | None, str | None]:
        with Session(deployment.engine) as looking:
            return (
                looking.get_one(Tag, ids["tag"]).name_key,
                looking.get_one(Contact, ids["contact"]).email_key,
            )

    wait_until(lambda: keys() == ("vip", "ann@müller.example"))


def test_sigterm_during_a_job_stops_every_process_and_the_next_worker_continues(
    deployment: Deployment, worker: WorkerProcess
) -> None:
    job_id = deployment.start_job(deployment.many)
    deployment.wait_for_the_middle(job_id)
    failures = FailedJobRegistry(queue=queue(RESTORE.queue, deployment.lock.redis))
    family, failed = worker.everything(), failures.get_job_count()
    assert len([*worker.of_queue("restore"), *worker.of_queue("work"), *worker.horses()]) == 3

    assert worker.stop() == 0

    assert [pid for pid in family if is_running(pid)] == []
    assert failures.get_job_count() == failed  # it was released, not killed
    job = deployment.job(job_id)
    assert job.state == "running"
    assert 0 < job.processed < deployment.many
    assert job.claims_since_progress == 0
    with deployment.worker() as next_one:
        deployment.check_that_all_came_back_once(job_id, deployment.many)
        assert deployment.job(job_id).fence == 2
        check_that_its_workers_go_with_it_when_it_is_killed(next_one)


def check_that_its_workers_go_with_it_when_it_is_killed(worker: WorkerProcess) -> None:
    wait_until(lambda: worker.horse() is None)
    family = worker.everything()
    assert {worker.child("restore"), worker.child("work")} <= set(family)

    worker.process.kill()

    worker.process.wait()
    wait_until(lambda: not any(is_running(pid) for pid in family))
