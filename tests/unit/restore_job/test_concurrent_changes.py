"""Other changes during a batch, and commits without an acknowledgement."""

import pytest
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts, new_deal
from tests.factories.people import World
from tests.support.faults import before_each_statement
from tests.support.restoring import Restoring
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.models import Contact, Deal
from webapp.worker.kinds import KINDS
from webapp.worker.redis_lock import RedisLock, key


def test_a_deletion_waits_for_the_batch_that_puts_a_contact_back_on_its_deal(
    engine: Engine, store: Session, world: World, lock: RedisLock
) -> None:
    """Both depend on whether the deal still has a contact; in parallel the deal of a live contact would be
    deleted."""
    if engine.dialect.name == "sqlite":
        pytest.skip("a write transaction is alone on SQLite")
    ann, bob = new_contact(store, world), new_contact(store, world)
    deal = new_deal(store, world, ann, bob)
    delete(store, world, bob)
    store.commit()
    restoring = Restoring(store, world, lock)
    job = restoring.start(restoring.question(bob).scope)
    tried: list[str] = []
    with Session(engine) as other:

        def try_to_delete(statement: str) -> None:
            if statement.startswith("INSERT INTO restore_outcome") and not tried:
                tried.append(statement)
                other.execute(text("SET lock_timeout = '100ms'"))
                with pytest.raises(OperationalError, match="lock timeout"):
                    delete(other, world, ann)
                other.rollback()

        with before_each_statement(engine, try_to_delete):
            assert restoring.run(job) == "done"
        delete(other, world, ann)
        other.commit()
    assert tried
    store.rollback()
    assert store.get_one(Deal, deal.id).deleted_at is None
    assert store.get_one(Contact, bob.id).is_live


def test_a_batch_whose_commit_was_not_acknowledged_is_not_repeated(
    engine: Engine, store: Session, world: World, lock: RedisLock
) -> None:
    contacts = new_contacts(store, world, 9)
    delete(store, world, *contacts)
    # The first contact of the walk is skipped, so the first batch has written more than restored contacts.
    new_contact(store, world, email=contacts[8].email)
    store.commit()
    restoring = Restoring(store, world, lock)
    job = restoring.start(restoring.question_all().scope)
    with Session(engine) as runner:
        commit = runner.commit
        calls: list[None] = []

        def commit_unheard() -> None:
            commit()
            calls.append(None)
            if len(calls) == 3:  # claim, the check of the requester, the first batch
                raise OperationalError("COMMIT", {}, Exception("the connection broke off"))

        runner.commit = commit_unheard  # type: ignore[method-assign]
        assert carry_out(runner, lock, KINDS, job.id, settings=BatchSettings(30, 4)) == "done"
    store.rollback()
    assert (job.count("restored"), job.count("skipped"), job.count("failed")) == (8, 1, 0)
    assert len(restoring.outcomes(job)) == 9


def test_the_key_of_an_ended_job_does_not_block_a_start(
    store: Session, world: World, lock: RedisLock, redis: Redis
) -> None:
    contact = new_contact(store, world)
    delete(store, world, contact)
    restoring = Restoring(store, world, lock)
    first = restoring.restore(contact)
    redis.set(key("restore", world.id), first.uuid)
    delete(store, world, contact)
    store.commit()
    assert restoring.restore(contact).state == "done"
