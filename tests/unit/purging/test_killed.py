"""A job that removes contacts, killed at each of its statements in turn: nothing is half done."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.faults import crash_at
from tests.support.purging import LONG_AGO, Belongings, start_purge
from tests.support.restoring import Restoring, expire_lease
from tests.unit.purging.test_erase import ask
from tests.unit.purging.test_erase import start as start_erasing
from webapp.models import Contact, Deletion, Job, JobBatch
from webapp.purging.remove import CUT_OFF, OF_ITS_OWN
from webapp.worker.redis_lock import RedisLock

CONTACTS, BATCH = 4, 2


@pytest.fixture
def restoring(store: Session, world: World, lock: RedisLock) -> Restoring:
    return Restoring(store, world, lock)


@pytest.fixture
def world(store: Session) -> World:
    return new_world(store)


def purge(restoring: Restoring) -> Job:
    job_id = start_purge(restoring.session, restoring.lock, restoring.world)
    return restoring.session.get_one(Job, job_id)


def erase(restoring: Restoring) -> Job:
    return start_erasing(restoring, ask(restoring))


@pytest.mark.parametrize(
    ("begin", "ago", "outcome"),
    [(purge, LONG_AGO, "purged"), (erase, timedelta(hours=1), "erased")],
    ids=["purge", "erase"],
)
def test_killed_at_each_statement_it_removes_each_contact_once_and_whole(
    store: Session,
    engine: Engine,
    world: World,
    restoring: Restoring,
    begin: Callable[[Restoring], Job],
    ago: timedelta,
    outcome: str,
) -> None:
    belongings = Belongings(store, world)
    ids = [belongings.deleted(ago=ago).id for _ in range(CONTACTS)]
    job_id = begin(restoring).id
    killed = 0
    # Further each time: a job that is killed at its first statements comes no further.
    for number in range(1, 200):
        job = store.get_one(Job, job_id, populate_existing=True)
        if job.has_ended:
            break
        with crash_at(engine, store, number) as crash:
            restoring.run(job, batch_size=BATCH)
        killed += crash.happened
        check_that_each_is_whole_or_gone(store, world, ids)
        job = store.get_one(Job, job_id, populate_existing=True)
        left = store.scalar(select(func.count()).where(Contact.workspace_id == world.id))
        assert job.count(outcome) + (left or 0) == CONTACTS
        # Deaths would make it take one at a time, and at last leave one out: that is tested elsewhere.
        job.claims_since_progress = job.one_by_one = 0
        store.commit()
        expire_lease(store, job_id)

    job = store.get_one(Job, job_id, populate_existing=True)
    assert (job.state, job.count(outcome), killed > 20) == ("done", CONTACTS, True)
    assert store.scalar(select(func.sum(JobBatch.items)).where(JobBatch.job_id == job_id)) == CONTACTS


def check_that_each_is_whole_or_gone(store: Session, world: World, ids: list[int]) -> None:
    """Each contact that is here has its row in every table, and no other has one."""
    store.rollback()
    here = set(store.scalars(select(Contact.id).where(Contact.workspace_id == world.id)))
    for column in (*CUT_OFF, *OF_ITS_OWN):
        assert set(store.scalars(select(column).where(column.in_(ids)))) == here
    counted = store.scalar(select(func.sum(Deletion.in_bin)).where(Deletion.workspace_id == world.id))
    assert counted == len(here)
