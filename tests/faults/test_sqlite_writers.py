"""On SQLite one writes at a time: a large restore must leave the door open for everybody else."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from statistics import quantiles
from time import perf_counter

import pytest
from sqlalchemy.orm import Session

from tests.factories.bins import fill_bin
from tests.factories.contacts import new_contacts
from tests.factories.people import World, new_world
from tests.support.house import House, new_house
from tests.support.processes import wait_until
from tests.support.web import Wire, status, web_process
from webapp.clock import read_clock
from webapp.contacts.edit import Details, edit_contact
from webapp.contacts.load import NewContact, create_contacts
from webapp.database import write_transaction
from webapp.local_services import private_redis

pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

MANY = 50_000
# The one bound in seconds among these tests, because it is what was asked for: 95 of 100 writes are faster.
BOUND = 0.25


@pytest.fixture(scope="module")
def house(environ: dict[str, str]) -> Iterator[House]:
    """A house with the times and the batches that the app has outside of tests."""
    with new_house(environ, TIME_SCALE="1", BATCH_SIZE="") as house, private_redis(house.folder):
        yield house


def test_while_very_many_are_restored_other_writes_never_fail_and_wait_little(house: House) -> None:
    """(30) One deletes on the pages, another edits and adds; each looks at a page before each change."""
    with house.writing() as session:
        world = new_world(session)
        fill_bin(session, world, MANY)
        edited, *deleted = [contact.id for contact in new_contacts(session, world, 2000)]
        session.commit()
    with house.worker() as worker, web_process(house.environ, house.folder / "web.log") as web:
        wire = web.wire(world.admin.email)
        wait_until(lambda: worker.child("restore"))
        job_id = house.start_all(world)

        def time(*acts: Callable[[], None]) -> list[float]:
            took = []
            for act, _ in zip(cycle(acts), deleted.copy()):
                if not house.job(job_id).is_active:
                    break
                assert status(wire.get(f"/contacts/{edited}")) == 200
                began = perf_counter()
                act()
                took.append(perf_counter() - began)
            return took

        with ThreadPoolExecutor() as people:
            on_pages = people.submit(time, lambda: delete(wire, deleted.pop()))
            beside = people.submit(time, lambda: edit(house, world, edited), lambda: add(house, world))
        took = on_pages.result() + beside.result()
        house.check_that_all_came_back_once(job_id, MANY)

    percentiles = quantiles(took, n=100)
    print(f"{len(took)} writes: {percentiles[49]:.3f} s, at the 95th percentile {percentiles[94]:.3f} s")
    assert percentiles[94] < BOUND


def delete(wire: Wire, contact_id: int) -> None:
    assert status(wire.post("/contacts/delete", f"selected={contact_id}")) == 303


def edit(house: House, world: World, contact_id: int) -> None:
    with Session(house.engine) as session, write_transaction(session):
        assert edit_contact(
            session,
            workspace_id=world.id,
            contact_id=contact_id,
            details=Details(first_name="Eva"),
            now=read_clock(session),
        )


def add(house: House, world: World) -> None:
    with Session(house.engine) as session, write_transaction(session):
        now = read_clock(session)
        create_contacts(session, world.id, [NewContact(created_at=now, first_name="Nel")], now)
