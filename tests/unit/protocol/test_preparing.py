"""What a kind prepares before the first batch of a claim: once, and with the patience of a batch."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.support.counting import CountWork
from tests.unit.protocol.conftest import Counting
from webapp.clock import read_clock
from webapp.models import Job


@dataclass
class PreparingWork(CountWork):
    """Notes for which size of batches it has prepared, and raises the next of its troubles."""

    sizes: list[int] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    wrapped_up: list[tuple[str, int]] = field(default_factory=list)

    def prepare(self, session: Session, job: Job, *, size: int) -> None:
        self.sizes.append(size)
        if self.troubles:
            raise self.troubles.pop()


@pytest.fixture
def work(counting: Counting) -> PreparingWork:
    counting.work = PreparingWork()
    return counting.work


def test_each_claim_prepares_once_for_the_size_of_its_batches(
    counting: Counting, work: PreparingWork, job: Job
) -> None:
    assert counting.run(job, size=2, should_stop=lambda: True) == "released"
    assert counting.run(job, size=3) == "done"

    assert work.sizes == [2, 3]
    assert job.counts == {"counted": 5}


def test_a_job_that_counts_one_by_one_prepares_for_one(
    counting: Counting, work: PreparingWork, store: Session, job: Job
) -> None:
    job.one_by_one = 3
    store.commit()

    assert counting.run(job, size=4) == "done"

    assert work.sizes == [1]


def test_a_busy_database_is_asked_again(counting: Counting, work: PreparingWork, job: Job) -> None:
    work.troubles.append(OperationalError("SELECT 1", {}, Exception("canceling statement: lock timeout")))

    assert counting.run(job, size=2) == "done"

    assert work.sizes == [2, 2]
    assert job.error is None


def test_nothing_is_prepared_for_a_job_that_is_to_be_cancelled(
    counting: Counting, work: PreparingWork, store: Session, job: Job
) -> None:
    """Or else one whose preparation never succeeds could not be cancelled."""
    job.cancel_requested_at = read_clock(store)
    store.commit()
    work.troubles.append(ValueError("unexpected"))

    assert counting.run(job) == "cancelled"

    assert work.sizes == []
