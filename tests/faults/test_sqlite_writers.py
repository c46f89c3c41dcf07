"""On SQLite one writes at a time: a large restore must leave room for everyone else's writes."""

from collections.abc import Iterator

import pytest

from tests.factories.bins import fill_bin
from tests.factories.contacts import new_contacts
from tests.factories.people import new_world
from tests.support.house import House, new_house
from tests.support.processes import wait_until
from tests.support.web import web_process
from tests.support.writers import Writers
from webapp.local_services import private_redis

pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

MANY = 50_000


@pytest.fixture(scope="module")
def house(environ: dict[str, str]) -> Iterator[House]:
    """A house with the times and the batches that the app has outside of tests."""
    with new_house(environ, TIME_SCALE="1", BATCH_SIZE="") as house, private_redis(house.folder):
        yield house


def test_other_writes_never_fail_during_a_large_restore(house: House) -> None:
    """(30) How long they wait is measured by `make bench`, in benchmarks/writers.py."""
    with house.writing() as session:
        world = new_world(session)
        fill_bin(session, world, MANY)
        edited, *deleted = [contact.id for contact in new_contacts(session, world, 2000)]
        session.commit()
    with house.worker() as worker, web_process(house.environ, house.folder / "web.log") as web:
        writers = Writers(house.engine, web.wire(world.admin.email), world.id, edited, deleted)
        wait_until(lambda: worker.child("restore"))
        job_id = house.start_all(world)

        took = writers.write_while(lambda: house.job(job_id).is_active)

        house.check_that_all_came_back_once(job_id, MANY)
    assert took, "nothing was written while the restore ran"
