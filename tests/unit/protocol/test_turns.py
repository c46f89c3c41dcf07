"""Workspaces do not wait for each other: after its turn a runner gives way to another workspace's waiting
job."""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.unit.protocol.conftest import Counting
from webapp.jobs.claim import claim
from webapp.models import Job
from webapp.models.job import ACTIVE, JobState


@pytest.fixture(autouse=True)
def no_jobs_of_other_tests(store: Session) -> None:
    """Jobs of other tests would be waiting, too."""
    store.execute(update(Job).where(Job.state.in_(ACTIVE)).values(state=JobState.CANCELLED))
    store.commit()


def another_workspace(counting: Counting, store: Session) -> Counting:
    return Counting(store, new_world(store), counting.lock)


def test_after_its_turn_a_job_gives_way_to_one_that_waits(
    store: Session, counting: Counting, job: Job
) -> None:
    waiting = another_workspace(counting, store)
    waiting.start(1)

    assert counting.run(job, turn=0) == "released"

    # Its lease is over, no claim is counted, and it keeps its key: it waits for its next turn.
    assert (job.state, job.cursor, job.claims_since_progress, job.error) == ("running", 2, 0, None)
    assert job.lease_until == job.rung_at


def test_a_job_continues_until_its_turn_is_over(store: Session, counting: Counting, job: Job) -> None:
    another_workspace(counting, store).start(1)

    assert counting.run(job, turn=60) == "done"


def test_a_job_does_not_give_way_to_one_that_has_a_runner(
    store: Session, counting: Counting, job: Job
) -> None:
    busy = another_workspace(counting, store).start(1)
    claim(store, busy.id, ["count"], lease=30)

    assert counting.run(job, turn=0) == "done"


def test_a_job_gives_way_neither_to_itself_nor_to_an_ended_one(
    store: Session, counting: Counting, world: World, job: Job
) -> None:
    ended = another_workspace(counting, store)
    ended.run(ended.start(1))

    assert counting.run(job, turn=0) == "done"


def test_two_jobs_take_turns_until_both_have_ended(store: Session, counting: Counting, job: Job) -> None:
    second = another_workspace(counting, store)
    jobs, endings = [(counting, job), (second, second.start(5))], list[str]()
    while jobs and len(endings) < 20:
        runner, its_job = jobs.pop(0)
        endings.append(runner.run(its_job, 1, turn=0))
        if endings[-1] == "released":
            jobs.append((runner, its_job))

    assert endings[:8] == ["released"] * 8
    assert endings.count("done") == 2
    assert counting.written() == second.written() == [0, 1, 2, 3, 4]
