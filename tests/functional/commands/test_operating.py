"""`flask workers`, `flask queues` and `flask audit`: what an operator sees of all accounts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.another_app import another_app
from tests.support.restoring import Restoring
from webapp.clock import read_clock
from webapp.jobs.claim import claim
from webapp.jobs.heartbeat import beat
from webapp.models import WorkerHeartbeat
from webapp.models.audit_event import Action, record_visit
from webapp.worker.message import CARRY_OUT, Call, queue
from webapp.worker.queue import QUEUES
from webapp.worker.redis_lock import RedisLock


@pytest.fixture
def run(app: Flask) -> Callable[..., str]:
    def run(*words: str) -> str:
        done = app.test_cli_runner().invoke(args=list(words))
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_workers_names_what_is_silent_and_what_each_runner_does(
    run: Callable[..., str], store: Session, place: World, lock: RedisLock
) -> None:
    delete(store, place, *new_contacts(store, place, 5))
    restoring = Restoring(store, place, lock)
    job = restoring.start(restoring.question_all().scope)
    claim(store, job.id, ["restore"], lease=30, runner="here:7")
    beat(store, QUEUES)
    long_ago = update(WorkerHeartbeat).where(WorkerHeartbeat.queue == "mail")
    store.execute(long_ago.values(seen_at=read_clock(store) - timedelta(minutes=5)))
    store.commit()

    told = run("workers").splitlines()

    assert [line.split()[0] for line in told[: len(QUEUES)]] == list(QUEUES)
    assert [line.split()[0] for line in told if line.endswith("SILENT")] == ["mail"]
    [doing] = [line for line in told if line.startswith("here:7 ")]
    assert doing.endswith(f": Restore {job.id} of {place.workspace.name}, 0 of 5, fence 1")


def test_queues_counts_messages_and_jobs(
    run: Callable[..., str], store: Session, place: World, lock: RedisLock, redis: Redis, app: Flask
) -> None:
    delete(store, place, *new_contacts(store, place, 2))
    restoring = Restoring(store, place, lock)
    job = restoring.start(restoring.question_all().scope)
    job.created_at -= timedelta(seconds=90)
    store.commit()
    before = queue("mail", redis).count
    queue("mail", redis).ring(Call(CARRY_OUT, (2**62,)))

    told = {line.split()[0]: line for line in run("queues").splitlines()}

    assert f"{before + 1} message" in told["mail"]
    assert "queued job" in told["restore"]
    assert "the oldest for " in told["restore"]
    queue("mail", redis).empty()  # type: ignore[no-untyped-call]  # RQ gives it no types


def test_without_redis_the_jobs_are_still_counted(environ: dict[str, str], app: Flask) -> None:
    with another_app(environ, REDIS_URL="redis://127.0.0.1:1") as lonely:
        told = lonely.test_cli_runner().invoke(args=["queues"])

    assert told.exit_code == 0
    assert told.output.count("Redis does not answer") == len(QUEUES)


def test_audit_lists_what_belongs_to_no_account(run: Callable[..., str], store: Session) -> None:
    for age in (timedelta(hours=2), timedelta(days=3)):
        record_visit(
            store,
            accounts=(),
            at=read_clock(store) - age,
            action=Action.SIGN_IN_REFUSED,
            network_address="203.0.113.77",
            why="unknown",
        )
    store.commit()

    told = run("audit")

    assert told.count("no user has the address, from 203.0.113.77") == 1
    assert run("audit", "--days", "7").count("203.0.113.77") == 2
