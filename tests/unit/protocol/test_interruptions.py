"""Errors between and in batches: the job is released with the error. Errors of the database never count as
a claim without progress; an unexpected error does."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.orm import Session

from tests.support.faults import before_each_statement
from tests.unit.protocol.conftest import Counting
from webapp.clock import read_clock
from webapp.jobs.isolation import MAX_CLAIMS, MAX_DEATHS
from webapp.jobs.run import MAX_TRIES
from webapp.models import Job

WRITING = "INSERT INTO tag"
Raise = Callable[[str], None]


@pytest.fixture(autouse=True)
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is not retried: these tests are about what follows the last retry."""
    assert MAX_TRIES > 1
    monkeypatch.setattr("webapp.jobs.run.MAX_TRIES", 1)


def raise_at_each(beginning: str, error: Callable[[str], Exception]) -> Raise:
    def act(statement: str) -> None:
        if statement.startswith(beginning):
            raise error(statement)

    return act


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, InternalError])
def test_a_database_error_does_not_count_as_a_claim_without_progress(
    kind: type[Exception], engine: Engine, store: Session, counting: Counting, job: Job
) -> None:
    trouble = raise_at_each(WRITING, lambda statement: kind(statement, {}, Exception("gone\nDETAIL: x")))
    for _ in range(MAX_CLAIMS + 1):
        with before_each_statement(engine, trouble), pytest.raises(kind):
            counting.run(job)
        store.refresh(job)
        assert (job.state, job.processed, job.claims_since_progress, job.one_by_one) == ("running", 0, 0, 0)
        assert job.lease_until <= read_clock(store), "the next runner need not wait"
        assert job.error == {"code": "database_unwritable", "detail": "gone"}

    assert counting.run(job) == "done"
    assert job.counts == {"counted": 5}


def test_an_unexpected_error_counts_as_a_claim_without_progress(
    engine: Engine, store: Session, counting: Counting, job: Job
) -> None:
    surprise = raise_at_each(WRITING, ValueError)
    for times in range(1, MAX_DEATHS + 1):
        with before_each_statement(engine, surprise), pytest.raises(ValueError, match="INSERT"):
            counting.run(job)
        store.refresh(job)
        assert (job.state, job.processed, job.claims_since_progress) == ("running", 0, times)
        assert job.error == {"code": "unexpected", "type": "ValueError"}


def test_a_disk_too_full_to_store_the_error_does_not_count_either(
    engine: Engine, store: Session, counting: Counting, job: Job
) -> None:
    def no_room(statement: str) -> None:
        if statement.startswith(WRITING) or "error=" in statement:
            raise OperationalError(statement, {}, Exception("database or disk is full"))

    for _ in range(MAX_DEATHS + 1):
        with before_each_statement(engine, no_room), pytest.raises(OperationalError):
            counting.run(job)
        store.refresh(job)
        assert (job.state, job.claims_since_progress, job.error) == ("running", 0, None)

    assert counting.run(job) == "done"
    assert job.counts == {"counted": 5}


def test_when_the_job_cannot_be_released_its_lease_runs_out(
    engine: Engine, store: Session, counting: Counting, job: Job
) -> None:
    claimed = False

    def away(statement: str) -> None:
        nonlocal claimed
        if claimed:
            raise OperationalError(statement, {}, Exception("server closed the connection"))
        claimed = statement.startswith(WRITING)

    with before_each_statement(engine, away), pytest.raises(OperationalError):
        counting.run(job)

    store.refresh(job)
    assert (job.state, job.processed, job.claims_since_progress) == ("running", 0, 1)
    assert job.lease_until > read_clock(store)
