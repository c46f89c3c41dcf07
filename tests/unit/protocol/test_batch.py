"""BATCH: one transaction that proves its fence first, and commits items, cursor, counts and history
together."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.support.faults import before_each_statement, crash_at
from tests.support.restoring import expire_lease
from tests.unit.protocol.conftest import Counting
from webapp.jobs.claim import claim
from webapp.models import Job, Tag


def check_that_nothing_is_half_done(counting: Counting, other: Session, job_id: int) -> Job:
    """Tags, cursor, counts and history agree, as another connection sees them."""
    written = counting.written(other)
    job = other.get_one(Job, job_id, populate_existing=True)
    assert written == list(range(job.cursor or 0))
    assert job.count("counted") == len(written)
    batches = counting.history(job)
    assert sum(items for *_, items in batches) == len(written)
    # Each batch begins where the previous one ended: nothing was done twice, nothing was left out.
    ends = [None, *(after for _, _, after, _ in batches)]
    assert [before for _, before, _, _ in batches] == ends[:-1]
    assert (job.cursor, job.state == "done") == (
        ends[-1],
        job.processed == job.total and job.finished_at is not None,
    )
    other.rollback()
    return job


def test_a_runner_may_die_at_any_statement_and_the_next_one_finishes(
    engine: Engine, store: Session, other: Session, counting: Counting, job: Job
) -> None:
    job_id, crashes = job.id, 0
    for last_statement in range(1, 200):
        expire_lease(other, job_id)
        with crash_at(engine, store, last_statement) as crash:
            counting.run(job)
        crashes += crash.happened
        if check_that_nothing_is_half_done(counting, other, job_id).state == "done":
            break
        # So many deaths at one place would fail the job; here they are intended.
        other.get_one(Job, job_id).claims_since_progress = 0
        other.commit()

    assert crashes > 15
    assert (job.state, job.counts) == ("done", {"counted": 5})


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_each_item_is_processed_once_for_every_batch_size(
    size: int, other: Session, counting: Counting, job: Job
) -> None:
    seen = []

    def between_batches() -> None:
        seen.append(check_that_nothing_is_half_done(counting, other, job.id).processed)

    assert counting.run(job, size, should_stop=between_batches) == "done"

    assert seen == list(range(size, 6, size))
    check_that_nothing_is_half_done(counting, other, job.id)


def test_a_runner_with_an_old_fence_writes_nothing_at_all(
    store: Session, other: Session, counting: Counting, job: Job
) -> None:
    def let_another_claim_it() -> None:
        if not other.in_transaction() and counting.written(other) == [0, 1]:
            expire_lease(other, job.id)
            claim(other, job.id, ["count"], lease=30)

    assert counting.run(job, should_stop=let_another_claim_it) == "lost_lease"

    assert counting.written() == [0, 1]
    store.refresh(job)
    assert (job.fence, job.cursor, len(counting.history(job))) == (2, 2, 1)


def test_a_runner_that_comes_back_after_the_end_writes_nothing(
    other: Session, counting: Counting, job: Job
) -> None:
    endings: list[str] = []

    def let_another_finish_it() -> None:
        endings.append(counting.run_again(other, job.id))

    assert counting.run(job, should_stop=let_another_finish_it) == "lost_lease"

    assert endings == ["done"]
    check_that_nothing_is_half_done(counting, other, job.id)


def test_a_batch_whose_commit_was_not_acknowledged_is_not_repeated(
    engine: Engine, counting: Counting, job: Job, other: Session
) -> None:
    with Session(engine) as runner:
        commit = runner.commit
        calls: list[None] = []

        def commit_unheard() -> None:
            commit()
            calls.append(None)
            if len(calls) == 4:  # the test's own, the claim, the check of the requester, the first batch
                raise OperationalError("COMMIT", {}, Exception("the connection broke off"))

        runner.commit = commit_unheard  # type: ignore[method-assign]
        counting.session, session = runner, counting.session
        assert counting.run(job) == "done"
        counting.session = session
    # On SQLite its transaction still sees the state before the run.
    session.rollback()
    check_that_nothing_is_half_done(counting, other, job.id)


def test_each_batch_renews_the_lease_from_its_own_time(
    store: Session, other: Session, counting: Counting, job: Job
) -> None:
    leases = []

    def between_batches() -> None:
        leases.append(other.get_one(Job, job.id, populate_existing=True).lease_until)
        other.rollback()

    counting.run(job, 1, should_stop=between_batches)

    assert len(leases) == 5
    assert leases == sorted(set(leases))


@pytest.mark.parametrize("size", [100, 3, 1])
def test_an_item_that_the_database_refuses_fails_alone(size: int, store: Session, counting: Counting) -> None:
    store.add(Tag(workspace_id=counting.world.id, name="3"))
    job = counting.start(8)

    assert counting.run(job, size) == "done"

    assert job.counts == {"counted": 7, "failed": 1}
    assert counting.written() == list(range(8))


def test_each_of_several_refused_items_is_found(store: Session, counting: Counting) -> None:
    store.add_all(Tag(workspace_id=counting.world.id, name=str(number)) for number in (0, 4, 5, 7))
    job = counting.start(8)

    assert counting.run(job, 100) == "done"

    assert job.counts == {"counted": 4, "failed": 4}


def test_a_busy_database_is_retried_and_fails_no_item(engine: Engine, counting: Counting, job: Job) -> None:
    refusals: list[str] = []

    def be_busy_once(statement: str) -> None:
        if statement.startswith("INSERT INTO tag") and not refusals:
            refusals.append(statement)
            raise OperationalError(statement, {}, Exception("database is locked"))

    with before_each_statement(engine, be_busy_once):
        assert counting.run(job) == "done"

    assert refusals
    assert job.counts == {"counted": 5}
