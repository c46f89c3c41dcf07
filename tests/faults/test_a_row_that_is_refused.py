"""One row among ten thousand that the database refuses."""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.bins import fill_bin
from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.faults import refusing
from tests.support.restoring import Restoring
from webapp.restoring.question import about_other_choice
from webapp.restoring.scope import Conflicts
from webapp.restoring.work import RESTORE
from webapp.worker.redis_lock import RedisLock

MANY = 10_000


def test_only_the_row_that_violates_a_constraint_stays_deleted_and_is_listed_with_its_reason(
    engine: Engine, store: Session, world: World, lock: RedisLock, admin: Browser
) -> None:
    """(19) With the batch size of the real worker."""
    fill_bin(store, world, MANY)
    store.commit()
    restoring = Restoring(store, world, lock)
    job = restoring.start(restoring.question_all().scope)
    refused = sorted(restoring.in_bin())[500]

    with refusing(engine, refused):
        restoring.run(job, batch_size=RESTORE.batch_sizes[engine.dialect.name])

    assert (job.state, job.count("restored"), job.count("failed")) == ("done", MANY - 1, 1)
    assert restoring.in_bin() == {refused}
    page = admin.get(f"/restores/{job.id}").text
    assert "9,999 contacts restored, 1 failed." in page
    assert "Stayed deleted: the database refused it (this one not" in page


def test_a_refused_row_is_in_conflict_only_if_its_address_keeps_it_deleted(
    engine: Engine, store: Session, world: World, lock: RedisLock
) -> None:
    """Not one that comes back without the address that another contact has, and not one without an address
    beside others without one."""
    restoring = Restoring(store, world, lock)
    new_contact(store, world, email="ann@x.org")
    new_contact(store, world, email=None)
    for address, conflicts in (("ann@x.org", Conflicts.WITHOUT_ADDRESS), (None, Conflicts.SKIP)):
        gone = new_contact(store, world, email=None)
        delete(store, world, gone)
        gone.email = gone.email_key = address
        store.commit()
        asked = restoring.question(gone).scope
        job = restoring.start(about_other_choice(store, asked, conflicts, rescue=False).scope)

        with refusing(engine, gone.id):
            restoring.run(job)

        assert restoring.outcomes(job) == {gone.id: ("failed", "refused", None)}
        store.commit()
