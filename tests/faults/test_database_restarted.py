"""PostgreSQL is restarted, during a batch or between two requests: no other process needs a restart."""

import os
import signal
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts, new_deal
from tests.factories.people import World, new_world
from tests.faults.large import LARGE, Large
from tests.support.accidents import Accident
from tests.support.databases import Cluster, new_cluster
from tests.support.deployment import Deployment, new_deployment
from tests.support.faults import before_each_statement
from tests.support.processes import children, wait_until
from tests.support.web import Wire, status, web_process
from webapp.local_services import private_redis
from webapp.models import Contact, DealContact, JobBatch, RestoreOutcome

pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session"),
]

CONTACTS = 60


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with new_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def deployment(environ: dict[str, str], cluster: Cluster) -> Iterator[Deployment]:
    """A deployment on its own server."""
    with (
        new_deployment(environ | {"DATABASE_URL": cluster.url}) as deployment,
        private_redis(deployment.folder),
    ):
        yield deployment


def new_bin(deployment: Deployment) -> World:
    """A bin whose contacts were each on a deal that is still live."""
    with deployment.writing() as session:
        world = new_world(session)
        stays, *gone = new_contacts(session, world, 1 + CONTACTS)
        for contact in gone:
            new_deal(session, world, stays, contact)
        delete(session, world, *gone)
        session.commit()
    return world


def check_that_nothing_is_half_done(deployment: Deployment, world: World, job_id: int) -> int:
    """Check that contacts, deals, outcomes, history and counters agree; returns how many contacts are
    restored."""
    with Session(deployment.engine) as session:
        live = set(session.scalars(select(Contact.id).where(Contact.restore_job_id == job_id)))
        attached = select(DealContact.contact_id).join(Contact, Contact.id == DealContact.contact_id)
        on_deals = session.scalars(
            attached.where(
                Contact.workspace_id == world.id,
                DealContact.detached_at.is_(None),
                DealContact.is_primary.is_(False),
            )
        )
        told = session.scalars(select(RestoreOutcome.contact_id).where(RestoreOutcome.job_id == job_id))
        history = session.scalar(select(func.sum(JobBatch.items)).where(JobBatch.job_id == job_id))
        assert live == set(on_deals) == set(told)
    job = deployment.job(job_id)
    assert job.count("restored") == job.processed == (history or 0) == len(live)
    return len(live)


@pytest.mark.parametrize("place", ["INSERT INTO restore_outcome", "COMMIT"])
def test_a_batch_cut_off_by_a_restart_leaves_nothing_and_the_job_finishes_by_itself(
    place: str, deployment: Deployment, cluster: Cluster
) -> None:
    """(20) Each contact is restored completely or not at all, and once."""
    world = new_bin(deployment)
    # The first two are no batches: the claim, and the check of the requester.
    at = 5 if place == "COMMIT" else 3
    with deployment.worker(Accident(f"before {place}", Accident.STOP, at=at)) as worker:
        wait_until(lambda: worker.child("restore"))
        job_id = deployment.start_all(world)
        horse = worker.wait_for_a_stopped_horse()

        cluster.restart()

        assert check_that_nothing_is_half_done(deployment, world, job_id) == 10
        os.kill(horse, signal.SIGCONT)
        deployment.check_that_all_came_back_once(job_id, CONTACTS)
        assert check_that_nothing_is_half_done(deployment, world, job_id) == CONTACTS


def check_answers_without_a_database(wire: Wire) -> None:
    """Each is a page of ours with the security headers, to a user who is signed in as to a stranger."""
    for asking in (wire, Wire(wire.port)):
        for path, expected in (
            ("/contacts?q=secret", 503 if asking.cookie else 303),
            ("/login?next=/secret", 503 if asking.cookie else 200),
            ("/nothing?q=secret", 404),
            ("/u/token", 404),
            ("/static/app.css", 200),
            ("/static/css/none.css?secret", 404),
            ("/healthz", 200),
        ):
            answer = asking.get(path)
            assert status(answer) == expected, path
            assert b"Content-Security-Policy: " in answer
            assert (b"Temporarily unavailable" in answer) == (expected == 503)
            assert (b"Page not found" in answer) == (expected == 404)


def test_web_and_worker_continue_when_the_database_is_back(deployment: Deployment, cluster: Cluster) -> None:
    """(29) It goes down during a batch. Pages say that it is unavailable; the processes keep running."""
    world, other = new_bin(deployment), deployment.new_world(contacts=3)
    in_a_batch = Accident("before UPDATE contact", Accident.STOP, at=3)
    with (
        deployment.worker(in_a_batch) as worker,
        web_process(deployment.environ, deployment.folder / "web.log") as web,
    ):
        wire = web.wire(world.admin.email)
        wait_until(lambda: worker.child("restore"))
        family = worker.everything(), children(web.process.pid)
        job_id = deployment.start_all(world)
        horse = worker.wait_for_a_stopped_horse()

        with cluster.away():
            os.kill(horse, signal.SIGCONT)
            check_answers_without_a_database(wire)
            wait_until(lambda: deployment.logged("job_interrupted", job=job_id))
            wait_until(lambda: deployment.logged("reconcile_failed"))

        assert status(wire.get("/contacts")) == 200
        deployment.check_that_all_came_back_once(job_id, CONTACTS)
        assert check_that_nothing_is_half_done(deployment, world, job_id) == CONTACTS
        assert "secret" not in web.log.read_text()
        next_one = deployment.start_all(other)
        deployment.check_that_all_came_back_once(next_one, contacts=3)
        wait_until(lambda: worker.horse() is None)
        assert (worker.everything(), children(web.process.pid)) == family


@pytest.mark.parametrize("large", LARGE, ids=[large.name for large in LARGE])
def test_a_large_job_whose_batch_is_cut_off_by_a_restart_repeats_that_batch(
    large: Large, deployment: Deployment, cluster: Cluster
) -> None:
    _, job_id = large.begin(deployment, CONTACTS)
    batches: list[str] = []

    def cut_off(statement: str) -> None:
        if statement.startswith("INSERT INTO restore_batch"):
            batches.append(statement)
            if len(batches) == 3:
                cluster.restart()

    with before_each_statement(deployment.engine, cut_off):
        assert deployment.carry_out(job_id, batch_size=10) == "done"

    assert large.check(deployment, job_id, CONTACTS).fence == 1
    assert len(batches) == len(deployment.history(job_id)) + 1
