"""What others do while a batch is under way, and commits whose answer is lost."""

import pytest
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts, new_deal
from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.database import write_transaction
from webapp.jobs.lease import RedisLease, key
from webapp.models import Contact, Deal
from webapp.restoring import run
from webapp.restoring.run import Pace, carry_out, take


def test_a_deletion_waits_for_the_batch_that_puts_a_contact_back_on_its_deal(
    engine: Engine, store: Session, world: World, lease: RedisLease
) -> None:
    """Both decide whether the deal still has a contact; side by side it would be deleted under a live one."""
    if engine.dialect.name == "sqlite":
        pytest.skip("a write transaction is alone on SQLite")
    ann, bob = new_contact(store, world), new_contact(store, world)
    deal = new_deal(store, world, ann, bob)
    delete(store, world, bob)
    store.commit()
    restoring = Restoring(store, world, lease)
    job, pace = restoring.start(restoring.question(bob).scope), Pace(30, 100)
    claim = take(store, job.id, pace)
    assert claim is not None
    with Session(engine) as other:
        with write_transaction(store):
            run._write_batch(store, claim, pace, careful=False)
            other.execute(text("SET lock_timeout = '100ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                delete(other, world, ann)
            other.rollback()
        delete(other, world, ann)
        other.commit()
    store.rollback()
    assert store.get_one(Deal, deal.id).deleted_at is None
    assert store.get_one(Contact, bob.id).is_live


def test_a_batch_whose_commit_went_unanswered_is_not_done_again(
    engine: Engine, store: Session, world: World, lease: RedisLease
) -> None:
    contacts = new_contacts(store, world, 9)
    delete(store, world, *contacts)
    # The first that the walk meets is skipped, so the first batch has written more than restored contacts.
    new_contact(store, world, email=contacts[8].email)
    store.commit()
    restoring = Restoring(store, world, lease)
    job = restoring.start(restoring.question_all().scope)
    with Session(engine) as runner:
        commit, calls = runner.commit, []

        def commit_unheard() -> None:
            commit()
            calls.append(None)
            if len(calls) == 3:  # claim, the look at who asked, the first batch
                raise OperationalError("COMMIT", {}, Exception("the connection broke off"))

        runner.commit = commit_unheard  # type: ignore[method-assign]
        assert carry_out(runner, lease, job.id, pace=Pace(30, 4)) == "done"
    store.rollback()
    assert (job.restored, job.skipped, job.failed) == (8, 1, 0)
    assert len(restoring.outcomes(job)) == 9


def test_a_key_of_a_job_that_ended_cannot_hold_a_start_up_for_ever(
    store: Session, world: World, lease: RedisLease, redis: Redis
) -> None:
    contact = new_contact(store, world)
    delete(store, world, contact)
    restoring = Restoring(store, world, lease)
    first = restoring.restore(contact)
    redis.set(key(world.id), first.uuid)
    delete(store, world, contact)
    store.commit()
    assert restoring.restore(contact).state == "done"
