"""What comes in between: the job is given back with the reason. What is the database's doing counts against
no contact, however often it happens; what nobody expected does."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.faults import before_each_statement
from tests.support.restoring import Restoring
from webapp.models import RestoreJob
from webapp.restoring.pace import Pace
from webapp.restoring.run import MOST_CLAIMS, MOST_DEATHS, TRY_AGAIN, carry_out

Raise = Callable[[str], None]


@pytest.fixture
def job(store: Session, world: World, restoring: Restoring) -> RestoreJob:
    delete(store, world, *new_contacts(store, world, 3))
    return restoring.start(restoring.question_all().scope)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is not tried again: these tests are about what follows when that did not help."""
    assert TRY_AGAIN > 1
    monkeypatch.setattr("webapp.restoring.run.TRY_AGAIN", 1)


def at_each(beginning: str, error: Callable[[str], Exception]) -> Raise:
    def act(statement: str) -> None:
        if statement.startswith(beginning):
            raise error(statement)

    return act


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, InternalError])
def test_trouble_of_the_database_counts_as_no_claim(
    kind: type[Exception], engine: Engine, store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    trouble = at_each("UPDATE contact", lambda statement: kind(statement, {}, Exception("gone\nDETAIL: x")))
    for _ in range(MOST_CLAIMS + 1):
        with before_each_statement(engine, trouble), pytest.raises(kind):
            restoring.run(job)
        store.refresh(job)
        assert (job.state, job.processed, job.claims_since_progress, job.one_by_one) == ("running", 0, 0, 0)
        assert job.lease_until <= restoring.now(), "the next one need not wait"
        assert job.last_error == "The database could not be written to: gone."

    assert restoring.run(job) == "done"
    assert (job.restored, job.failed) == (3, 0)


def test_who_goes_on_and_is_told_to_go_leaves_no_trouble_behind_that_is_over(
    store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    job.last_error = "The database has no room left."
    store.commit()

    pace = Pace(30, 2)
    assert carry_out(store, restoring.lease, job.id, pace=pace, should_stop=lambda: True) == "released"

    store.refresh(job)
    assert (job.state, job.processed, job.last_error) == ("running", 2, None)


def test_what_nobody_expected_counts(
    engine: Engine, store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    surprise = at_each("UPDATE contact", ValueError)
    for times in range(1, MOST_DEATHS + 1):
        with before_each_statement(engine, surprise), pytest.raises(ValueError, match="UPDATE"):
            restoring.run(job)
        store.refresh(job)
        assert (job.state, job.processed, job.claims_since_progress) == ("running", 0, times)
        assert job.last_error == "Something unexpected happened: ValueError."


def test_a_disk_without_room_even_for_the_reason_counts_as_no_claim_either(
    engine: Engine, store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    def no_room(statement: str) -> None:
        if statement.startswith("UPDATE contact") or "last_error=" in statement:
            raise OperationalError(statement, {}, Exception("database or disk is full"))

    for _ in range(MOST_DEATHS + 1):
        with before_each_statement(engine, no_room), pytest.raises(OperationalError):
            restoring.run(job)
        store.refresh(job)
        assert (job.state, job.claims_since_progress, job.last_error) == ("running", 0, None)

    assert restoring.run(job) == "done"
    assert (job.restored, job.failed) == (3, 0)


def test_a_database_that_takes_nothing_back_leaves_the_job_to_its_lease(
    engine: Engine, store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    claimed = False

    def away(statement: str) -> None:
        nonlocal claimed
        if claimed:
            raise OperationalError(statement, {}, Exception("server closed the connection"))
        claimed = statement.startswith("UPDATE contact")

    with before_each_statement(engine, away), pytest.raises(OperationalError):
        restoring.run(job)

    store.refresh(job)
    assert (job.state, job.processed, job.claims_since_progress) == ("running", 0, 1)
    assert job.lease_until > restoring.now()
