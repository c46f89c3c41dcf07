"""Workers that are killed, stopped and overtaken: each contact is restored once, and nobody waits for long."""

import os
import signal
from contextlib import suppress

from tests.support.accidents import Accident
from tests.support.house import House
from tests.support.processes import is_running, wait_until


def test_a_runner_that_stood_still_while_another_took_over_writes_nothing_more(house: House) -> None:
    """(9) It stands still between two batches, as a machine does that is suspended."""
    frozen = Accident("after COMMIT", Accident.STOP, at=4)
    with house.worker(frozen) as sleeper:
        wait_until(lambda: sleeper.child("restore"))
        job_id = house.start_job(house.many)
        wait_until(lambda: house.job(job_id).processed > 0)
        horse = sleeper.horse()
        assert horse is not None
        with house.worker() as other:
            wait_until(lambda: house.job(job_id).fence == 2)
            house.check_that_all_came_back_once(job_id, house.many)
            assert other.is_alive
            with suppress(ProcessLookupError):
                os.kill(horse, signal.SIGCONT)
            wait_until(lambda: house.logged("lost_lease", job=job_id, attempt=1))
            wait_until(lambda: not is_running(horse))
    house.check_that_all_came_back_once(job_id, house.many)


def test_a_horse_without_a_parent_hands_its_job_over(house: House) -> None:
    """(11) Its parent is killed in the middle: nobody would see the orphan die."""
    alone = Accident("after COMMIT", Accident.KILL_PARENT, at=4)
    with house.worker(alone) as worker:
        wait_until(lambda: worker.child("restore"))
        first = worker.child("restore")
        job_id = house.start_job(house.many)

        house.check_that_all_came_back_once(job_id, house.many)

        assert house.job(job_id).fence == 2
        assert house.logged("restore_released", job=job_id, attempt=1)
        assert worker.child("restore") not in (None, first)
