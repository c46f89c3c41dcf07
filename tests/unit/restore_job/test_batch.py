"""BATCH: one transaction that proves its fence first and commits cursor, counters, contacts, deals and
outcomes together; set-based, whatever its size."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.engine.interfaces import CacheStats
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts, new_deal
from tests.factories.people import World, new_world
from tests.support.faults import before_each_statement, crash_at
from tests.support.restoring import Restoring, expire_lease
from webapp.jobs.claim import claim
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.models import Contact, DealContact, Deletion, Job, RestoreOutcome
from webapp.restoring.work import RestoreWork
from webapp.worker.kinds import KINDS


def new_bin(session: Session, world: World, count: int) -> list[Contact]:
    """Contacts in the bin, two a deletion, each pair on a deal that lived on; two twins among them."""
    stays = new_contact(session, world)
    contacts = [new_contact(session, world, email="twin@example.com")]
    delete(session, world, contacts[0], ago=timedelta(days=3))
    contacts += [
        new_contact(session, world, email="twin@example.com"),
        *new_contacts(session, world, count - 2),
    ]
    for i in range(1, count, 2):
        pair = contacts[i : i + 2]
        new_deal(session, world, stays, *pair)
        delete(session, world, *pair)
    session.commit()
    return contacts


def read_state(session: Session, job_id: int) -> tuple[Job, set[int], set[int], set[int]]:
    """The job, and the restored contacts by its outcomes, the contacts and the deals, as other connections
    see them."""
    session.rollback()
    job = session.get_one(Job, job_id, populate_existing=True)
    outcomes = session.scalars(
        select(RestoreOutcome.contact_id).where(
            RestoreOutcome.job_id == job_id, RestoreOutcome.outcome == "restored"
        )
    )
    contacts = session.scalars(
        select(Contact.id).where(Contact.restore_job_id == job_id, Contact.deleted_at.is_(None))
    )
    on_deals = session.scalars(
        select(DealContact.contact_id)
        .join(Contact, Contact.id == DealContact.contact_id)
        .where(Contact.workspace_id == job.workspace_id, DealContact.detached_at.is_(None))
        .where(DealContact.is_primary.is_(False))
    )
    return job, set(outcomes), set(contacts), set(on_deals)


def check_that_nothing_is_half_done(session: Session, job_id: int) -> Job:
    job, outcomes, contacts, on_deals = read_state(session, job_id)
    assert outcomes == contacts == on_deals
    assert job.count("restored") == len(outcomes)
    last = session.scalar(
        select(RestoreOutcome.contact_id)
        .join(Contact, Contact.id == RestoreOutcome.contact_id)
        .join(Deletion, Deletion.id == Contact.deletion_id)
        .where(RestoreOutcome.job_id == job_id)
        .order_by(Deletion.created_at, Contact.id)
        .limit(1)
    )
    assert (job.cursor[1] if job.cursor else None) == last
    ledger = select(func.count()).where(RestoreOutcome.job_id == job_id)
    assert job.processed == session.scalar(ledger)
    assert (job.state == "done") == (job.processed == job.total)
    still_there = select(func.sum(Deletion.in_bin)).where(Deletion.workspace_id == job.workspace_id)
    assert session.scalar(still_there) == (job.total or 0) - job.count("restored")
    session.rollback()
    return job


def test_a_runner_may_die_at_any_statement_nothing_is_half_done_and_the_next_one_finishes(
    engine: Engine, store: Session, other: Session, world: World, restoring: Restoring
) -> None:
    new_bin(store, world, 7)
    job = restoring.start(restoring.question_all().scope)
    job_id, crashes = job.id, 0

    for last_statement in range(1, 200):
        expire_lease(other, job_id)
        with crash_at(engine, store, last_statement) as crash:
            restoring.run(job, batch_size=3)
        crashes += crash.happened
        if check_that_nothing_is_half_done(other, job_id).state == "done":
            break
        # Each run dies one statement later than the one before, and all but the first batches are new.
        reset_claims(other, job_id)

    assert crashes > 20
    assert (job.state, job.count("restored"), job.count("skipped")) == ("done", 6, 1)


def test_a_job_is_done_in_the_transaction_of_its_last_batch_or_not_at_all(
    engine: Engine, store: Session, other: Session, restoring: Restoring
) -> None:
    """The whole job is one batch here, and each time a new one dies a statement later."""
    for last_statement in range(1, 100):
        restoring.world = new_world(store)
        new_bin(store, restoring.world, 2)
        job = restoring.start(restoring.question_all().scope)
        with crash_at(engine, store, last_statement) as crash:
            restoring.run(job)
        if check_that_nothing_is_half_done(other, job.id).state == "done":
            break

    assert last_statement > 10
    # The first statement after the commit, at which it died this time, asks whose the key is now.
    assert crash.sent == last_statement


def reset_claims(session: Session, job_id: int) -> None:
    """So many deaths at one place would fail the job; here they are intended."""
    session.get_one(Job, job_id).claims_since_progress = 0
    session.commit()


def test_other_connections_see_all_of_a_batch_or_nothing(
    store: Session, other: Session, world: World, restoring: Restoring
) -> None:
    new_bin(store, world, 7)
    job = restoring.start(restoring.question_all().scope)
    seen = []

    def between_batches() -> bool:
        seen.append(check_that_nothing_is_half_done(other, job.id).processed)
        return False

    store.commit()
    ending = carry_out(
        store, restoring.lock, KINDS, job.id, settings=BatchSettings(30, 2), should_stop=between_batches
    )

    assert ending == "done"
    assert seen == [2, 4, 6]


@pytest.mark.parametrize("batch_size", [1, 3, 7, 8])
def test_each_contact_is_processed_once_for_every_batch_size(
    batch_size: int, store: Session, other: Session, world: World, restoring: Restoring
) -> None:
    contacts = new_bin(store, world, 7)

    job = restoring.confirm(restoring.question_all().scope, batch_size=batch_size)

    check_that_nothing_is_half_done(other, job.id)
    assert set(restoring.outcomes(job)) == {contact.id for contact in contacts}


def test_a_runner_whose_fence_is_old_writes_nothing_at_all(
    store: Session, other: Session, world: World, restoring: Restoring
) -> None:
    new_bin(store, world, 7)
    job = restoring.start(restoring.question_all().scope)
    after_the_first: list[object] = []

    def let_another_claim_it() -> bool:
        if not after_the_first:
            expire_lease(other, job.id)
            assert claim(other, job.id, KINDS, lease=30) is not None
            after_the_first.append(snapshot(other, job.id))
        return False

    store.commit()
    ending = carry_out(
        store, restoring.lock, KINDS, job.id, settings=BatchSettings(30, 2), should_stop=let_another_claim_it
    )

    assert ending == "lost_lease"
    assert [snapshot(other, job.id)] == after_the_first


def snapshot(session: Session, job_id: int) -> object:
    job, *sets = read_state(session, job_id)
    return job.state, job.fence, job.lease_until, job.cursor, job.processed, sets


def test_a_runner_that_comes_back_after_the_end_writes_nothing(
    store: Session, other: Session, world: World, restoring: Restoring
) -> None:
    new_bin(store, world, 4)
    job = restoring.start(restoring.question_all().scope)
    endings: list[str] = []

    def let_another_finish_it() -> bool:
        expire_lease(other, job.id)
        endings.append(carry_out(other, restoring.lock, KINDS, job.id, settings=BatchSettings(30, 100)))
        return False

    store.commit()
    ending = carry_out(
        store, restoring.lock, KINDS, job.id, settings=BatchSettings(30, 2), should_stop=let_another_finish_it
    )

    assert (endings, ending) == (["done"], "lost_lease")
    check_that_nothing_is_half_done(other, job.id)


def test_the_number_of_statements_does_not_depend_on_the_batch_size(
    engine: Engine, store: Session, restoring: Restoring
) -> None:
    counts = []
    for size in (4, 12, 64):
        restoring.world = new_world(store)
        new_bin(store, restoring.world, size)
        job = restoring.start(restoring.question_all().scope)
        statements: list[str] = []
        with before_each_statement(engine, statements.append):
            restoring.run(job)
        assert (job.count("restored"), job.count("skipped")) == (size - 1, 1)
        counts.append(len(statements))

    assert counts[0] == counts[1] == counts[2]


def test_each_batch_renews_the_lease_from_its_own_time(
    store: Session, other: Session, world: World, restoring: Restoring
) -> None:
    new_bin(store, world, 4)
    job = restoring.start(restoring.question_all().scope)
    leases = []

    def between_batches() -> bool:
        leases.append(read_state(other, job.id)[0].lease_until)
        return False

    store.commit()
    carry_out(
        store, restoring.lock, KINDS, job.id, settings=BatchSettings(30, 1), should_stop=between_batches
    )

    assert len(leases) == 4
    assert leases == sorted(set(leases))


def test_the_statement_that_judges_is_compiled_before_a_batch_locks(
    engine: Engine,
    store: Session,
    world: World,
    restoring: Restoring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(RestoreWork, "batch_sizes", {"postgresql": 2, "sqlite": 2})
    new_bin(store, world, 4)
    job = restoring.start(restoring.question_all().scope)
    engine.clear_compiled_cache()
    compiled = []

    def note(_connection: Any, _cursor: Any, text: str, _values: Any, context: Any, _many: bool) -> None:
        if text.startswith("WITH found AS"):
            compiled.append(context.cache_hit is not CacheStats.CACHE_HIT)

    event.listen(engine, "before_cursor_execute", note)
    try:
        restoring.run(job, batch_size=2)
    finally:
        event.remove(engine, "before_cursor_execute", note)

    # Two before the first batch, one for each form; and none in the three batches.
    assert compiled == [True, True, False, False, False]
