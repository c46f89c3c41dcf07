"""Errors inside a batch: after an address conflict it is planned again, a row that the database refuses
fails alone, and a busy database fails no contact."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.faults import before_each_statement, refusing
from tests.support.restoring import Restoring
from webapp.models import Contact, RestoreOutcome
from webapp.restoring.report import exceptions
from webapp.words.restoring import explain

BACK = ("restored", None, None)


def writes_contacts(statement: str) -> bool:
    return statement.startswith("UPDATE contact SET deleted_at")


@pytest.mark.parametrize("times", [1, 2, 5])
def test_an_address_taken_between_plan_and_write_is_skipped_with_its_holder(
    times: int, engine: Engine, store: Session, other: Session, world: World, restoring: Restoring
) -> None:
    """On SQLite no other connection can take it in between: the batch holds the write lock from its start."""
    gone = new_contacts(store, world, 8)
    delete(store, world, *gone)
    addresses = [contact.email for contact in gone[:times]]
    job = restoring.start(restoring.question_all().scope)
    holders: list[Contact] = []

    def take_an_address(statement: str) -> None:
        if not writes_contacts(statement) or len(holders) == times:
            return
        if engine.dialect.name == "sqlite":
            assert_locked_out(engine)
        else:
            holders.append(new_contact(other, world, email=addresses[len(holders)]))
            other.commit()

    with before_each_statement(engine, take_an_address):
        assert restoring.run(job) == "done"

    outcomes, taken = restoring.outcomes(job), len(holders)
    assert taken == (0 if engine.dialect.name == "sqlite" else times)
    assert [outcomes[contact.id] for contact in gone[:taken]] == [
        ("skipped", "email_taken", holder.id) for holder in holders
    ]
    assert [outcomes[contact.id] for contact in gone[taken:]] == [BACK] * (8 - taken)
    assert (job.count("restored"), job.count("skipped"), job.count("failed")) == (8 - taken, taken, 0)
    assert restoring.in_bin() == {contact.id for contact in gone[:taken]}


def assert_locked_out(engine: Engine) -> None:
    assert engine.url.database
    with closing(sqlite3.connect(engine.url.database, timeout=0)) as impatient:
        try:
            impatient.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return
    pytest.fail("another connection could write inside a batch")


@pytest.mark.parametrize("code", ["check_violation", "numeric_value_out_of_range"])
@pytest.mark.parametrize("batch_size", [100, 3, 1])
def test_a_row_that_the_database_refuses_fails_alone_and_says_why(
    code: str, batch_size: int, engine: Engine, store: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contacts(store, world, 8)
    delete(store, world, *gone)
    job = restoring.start(restoring.question_all().scope)
    refused = gone[3]

    with refusing(engine, refused.id, code=code):
        assert restoring.run(job, batch_size=batch_size) == "done"

    outcomes = restoring.outcomes(job)
    assert outcomes.pop(refused.id) == ("failed", "refused", None)
    assert set(outcomes.values()) == {BACK}
    assert (job.count("restored"), job.count("skipped"), job.count("failed")) == (7, 0, 1)
    assert restoring.in_bin() == {refused.id}
    detail = store.get_one(RestoreOutcome, (job.id, refused.id)).detail
    assert detail is not None
    assert detail.startswith("this one not")
    [view] = exceptions(store, job, size=10)
    assert "this one not" in explain(view)[0]


def test_each_of_several_refused_rows_is_found(
    engine: Engine, store: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contacts(store, world, 9)
    delete(store, world, *gone)
    taken = new_contact(store, world)
    delete(store, world, taken)
    new_contact(store, world, email=taken.email)
    job = restoring.start(restoring.question_all().scope)

    with refusing(engine, gone[0].id):
        restoring.run(job)

    assert (job.count("restored"), job.count("skipped"), job.count("failed")) == (8, 1, 1)


def test_a_refused_contact_without_an_address_has_no_conflicting_contact(
    engine: Engine, store: Session, world: World, restoring: Restoring
) -> None:
    new_contact(store, world, email=None)
    gone = new_contact(store, world, email=None)
    delete(store, world, gone)
    job = restoring.start(restoring.question_all().scope)

    with refusing(engine, gone.id):
        restoring.run(job)

    assert restoring.outcomes(job) == {gone.id: ("failed", "refused", None)}


def test_a_busy_database_is_retried_and_fails_no_contact(
    engine: Engine, store: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contacts(store, world, 3)
    delete(store, world, *gone)
    job = restoring.start(restoring.question_all().scope)
    refusals: list[str] = []

    def be_busy_once(statement: str) -> None:
        if writes_contacts(statement) and not refusals:
            refusals.append(statement)
            raise OperationalError(statement, {}, Exception("database is locked"))

    with before_each_statement(engine, be_busy_once):
        assert restoring.run(job) == "done"

    assert refusals
    assert set(restoring.outcomes(job).values()) == {BACK}


def test_a_database_that_stays_unavailable_fails_no_contact_and_leaves_the_job_to_the_next_claim(
    engine: Engine, store: Session, world: World, restoring: Restoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.jobs.run.MAX_TRIES", 2)
    delete(store, world, new_contact(store, world))
    job = restoring.start(restoring.question_all().scope)

    def be_away(statement: str) -> None:
        if writes_contacts(statement):
            raise OperationalError(statement, {}, Exception("canceling statement due to statement timeout"))

    with before_each_statement(engine, be_away), pytest.raises(OperationalError):
        restoring.run(job)

    store.refresh(job)
    assert (job.state, job.processed, job.count("failed")) == ("running", 0, 0)
    assert restoring.outcomes(job) == {}
