"""SQLite has one writer at a time: a large restore must leave time for other writes."""

from collections.abc import Iterator

import pytest

from tests.factories.bins import fill_bin
from tests.factories.contacts import new_contacts
from tests.factories.people import new_world
from tests.support.deployment import Deployment, new_deployment
from tests.support.processes import wait_until
from tests.support.web import web_process
from tests.support.writers import Writers
from webapp.local_services import private_redis

pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

MANY = 20_000


@pytest.fixture(scope="module")
def deployment(environ: dict[str, str]) -> Iterator[Deployment]:
    """A deployment with the real times and batch sizes."""
    with (
        new_deployment(environ, TIME_SCALE="1", BATCH_SIZE="") as deployment,
        private_redis(deployment.folder),
    ):
        yield deployment


def test_other_writes_never_fail_during_a_large_restore(deployment: Deployment) -> None:
    """(30) `make bench` measures how long they wait, in benchmarks/writers.py."""
    with deployment.writing() as session:
        world = new_world(session)
        fill_bin(session, world, MANY)
        edited, *deleted = [contact.id for contact in new_contacts(session, world, 2000)]
        session.commit()
    with deployment.worker() as worker, web_process(deployment.environ, deployment.folder / "web.log") as web:
        writers = Writers(deployment.engine, web.wire(world.admin.email), world.id, edited, deleted)
        wait_until(lambda: worker.child("restore"))
        job_id = deployment.start_all(world)

        took = writers.write_while(lambda: deployment.job(job_id).is_active)

        deployment.check_that_all_came_back_once(job_id, MANY)
    assert took, "nothing was written while the restore ran"
