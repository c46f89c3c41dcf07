"""Workers that are killed, stopped and overtaken: each contact is restored once, without a long wait.

The numbers are the requirements'; times are a fifteenth of the real ones, so a lease lasts two seconds.
"""

import os
import random
import signal
from contextlib import suppress
from functools import partial
from itertools import pairwise
from time import monotonic

import pytest
from rq.registry import FailedJobRegistry

from tests.support.accidents import Accident
from tests.support.deployment import Deployment
from tests.support.processes import WorkerProcess, is_running, wait_until
from webapp.restoring.work import RESTORE
from webapp.worker.message import queue

FEW = 60
# Such a worker has a lease of 300 seconds, and `wait_until` waits for 60: no test of one waits for a lease.
PATIENT = "0.1"


def ready(worker: WorkerProcess) -> int:
    """The process that reads the restore queue, as soon as there is one."""
    wait_until(lambda: worker.child("restore"))
    child = worker.child("restore")
    assert child is not None
    return child


def test_a_runner_that_was_stopped_while_another_took_over_writes_nothing_more(
    deployment: Deployment,
) -> None:
    """(9) It is stopped between two batches for over three leases, like a suspended machine."""
    with deployment.worker(Accident("after COMMIT", Accident.STOP, at=4)) as sleeper:
        ready(sleeper)
        job_id = deployment.start_job(FEW)
        horse = sleeper.wait_for_a_stopped_horse()
        with deployment.worker():
            deployment.check_that_all_came_back_once(job_id, FEW)
            before = [batch.fence for batch in deployment.history(job_id)]

            with suppress(ProcessLookupError):
                os.kill(horse, signal.SIGCONT)
            wait_until(lambda: not is_running(horse))

        assert deployment.logged("lost_lease", job=job_id, attempt=1)
    assert set(before) == {1, 2}
    assert [batch.fence for batch in deployment.history(job_id)] == before == sorted(before)
    deployment.check_that_all_came_back_once(job_id, FEW)


def test_a_runner_that_is_stopped_inside_a_batch_loses_its_locks_with_its_lease(
    deployment: Deployment,
) -> None:
    """(9) On SQLite the lock of a stopped process cannot be taken away: the others wait until it
    continues."""
    if deployment.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite the lock is the stopped process's own")
    with deployment.worker(Accident("before UPDATE contact ", Accident.STOP, at=3)) as sleeper:
        ready(sleeper)
        job_id = deployment.start_job(FEW)
        horse = sleeper.wait_for_a_stopped_horse()
        assert deployment.job(job_id).processed == 10
        with deployment.worker():
            deployment.check_that_all_came_back_once(job_id, FEW)
            with suppress(ProcessLookupError):
                os.kill(horse, signal.SIGCONT)
            wait_until(lambda: not is_running(horse))
    assert [batch.fence for batch in deployment.history(job_id)] == [1, 1, *[2] * 11]
    deployment.check_that_all_came_back_once(job_id, FEW)


def test_a_horse_that_is_killed_twenty_times_restores_twenty_thousand_contacts_once(
    deployment: Deployment,
) -> None:
    """(10) Its parent notices and releases the lease at once: the reconciler has nothing to do."""
    many, kills = 20_000, 20
    chance = random.Random(10)
    with deployment.worker(BATCH_SIZE="100", TIME_SCALE=PATIENT) as worker:
        ready(worker)
        job_id = deployment.start_job(many)

        def has_processed(contacts: float) -> bool:
            return deployment.job(job_id).processed >= contacts

        def is_claimed_again(fence: int) -> bool:
            return deployment.job(job_id).fence > fence

        for kill in range(kills):
            # Somewhere in the next twentieth, so that the kills are spread over the walk.
            place = (kill + chance.random()) * many / (kills + 1)
            wait_until(partial(has_processed, place))
            os.kill(worker.wait_for_a_horse(), signal.SIGKILL)
            wait_until(partial(is_claimed_again, kill + 1))
        deployment.check_that_all_came_back_once(job_id, many)

    job = deployment.job(job_id)
    assert (job.fence, job.error) == (kills + 1, {"code": "worker_died", "signal": 9})


def test_a_horse_without_a_parent_hands_its_job_over(deployment: Deployment) -> None:
    """(11) Its parent is killed during the job: no process would notice the death of the orphan."""
    with deployment.worker(Accident("after COMMIT", Accident.KILL_PARENT, at=4)) as worker:
        first = ready(worker)
        job_id = deployment.start_job(FEW)

        deployment.check_that_all_came_back_once(job_id, FEW)

        assert deployment.job(job_id).fence == 2
        assert deployment.logged("job_released", job=job_id, attempt=1)
        assert worker.child("restore") not in (None, first)


def test_sigterm_to_every_process_at_once_hands_the_job_to_another_worker(deployment: Deployment) -> None:
    """(12) SIGTERM to all processes, as on Heroku. Then to one parent only, as on other hosts."""
    with deployment.worker(TIME_SCALE=PATIENT) as one, deployment.worker(TIME_SCALE=PATIENT) as another:
        ready(one)
        ready(another)
        failures = FailedJobRegistry(queue=queue(RESTORE.queue, deployment.redis))
        failed = failures.get_job_count()
        job_id = deployment.start_job(deployment.many)
        deployment.wait_for_the_middle(job_id)
        # A worker that has just begun rings as well, and the other one's horse may look at the job in vain.
        runner = int((deployment.job(job_id).runner or "").rpartition(":")[2])
        leaving, staying = (one, another) if runner in one.everything() else (another, one)
        family = leaving.everything()

        # The other worker begins when they have gone: it could have ended the job by then.
        with staying.held_back(RESTORE.queue):
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)

            wait_until(lambda: leaving.process.poll() == 0)
            wait_until(lambda: not any(is_running(pid) for pid in family))
        wait_until(lambda: deployment.job(job_id).fence == 2)
        staying.wait_for_a_horse()
        parent = ready(staying)

        os.kill(parent, signal.SIGTERM)

        wait_until(lambda: not is_running(parent))
        wait_until(lambda: deployment.job(job_id).fence == 3)
        deployment.check_that_all_came_back_once(job_id, deployment.many)
    # Released each time, not killed.
    assert len(deployment.logged("job_released", job=job_id)) == 2
    assert deployment.job(job_id).error is None
    assert failures.get_job_count() == failed


def test_a_second_sigterm_two_seconds_later_kills_the_horse_and_loses_nothing(deployment: Deployment) -> None:
    """(12) The horse hangs inside a batch, so that the first one has no effect."""
    with deployment.worker(Accident("before UPDATE contact ", Accident.STOP, at=4)) as worker:
        parent = ready(worker)
        job_id = deployment.start_job(FEW)
        horse = worker.wait_for_a_stopped_horse()
        assert deployment.job(job_id).processed == 15
        began = monotonic()

        os.kill(parent, signal.SIGTERM)
        # RQ ignores a second signal within a second of the first.
        wait_until(lambda: monotonic() - began > 2)
        os.kill(parent, signal.SIGTERM)

        wait_until(lambda: not is_running(parent) and not is_running(horse))
        deployment.check_that_all_came_back_once(job_id, FEW)
    assert [batch.fence for batch in deployment.history(job_id)] == [1, 1, 1, *[2] * 10]


def test_an_old_and_a_new_worker_side_by_side_do_not_overlap(deployment: Deployment) -> None:
    """(13) A deployment starts new workers while the old ones still run several restores."""
    few = 40
    with deployment.worker(BATCH_SIZE="3") as old:
        ready(old)
        jobs = [deployment.start_job(few) for _ in range(4)]
        with deployment.worker(BATCH_SIZE="7") as new:
            ready(new)
            for job_id in jobs:
                deployment.check_that_all_came_back_once(job_id, few)
            assert old.is_alive
    for job_id in jobs:
        batches = deployment.history(job_id)
        assert all(one.cursor_after == following.cursor_before for one, following in pairwise(batches))


def test_a_worker_that_dies_after_it_took_a_message_loses_no_job(deployment: Deployment) -> None:
    """(17) Killed between taking the message from the queue and forking the horse."""
    with deployment.worker(Accident("before fork", Accident.KILL)) as worker:
        first = ready(worker)
        job_id = deployment.start_job(10)

        deployment.check_that_all_came_back_once(job_id, 10)

        assert worker.child("restore") not in (None, first)
        assert deployment.job(job_id).fence == 1
        assert deployment.was_rung_again(job_id)


def test_a_contact_that_crashes_every_process_is_skipped_and_named(deployment: Deployment) -> None:
    """(18) Three deaths at its batch, three at the contact itself; all others are restored."""
    world = deployment.new_world(FEW)
    poison = deployment.ids_in_the_bin(world)[FEW // 2]
    with deployment.worker(
        Accident("before UPDATE contact ", Accident.KILL, times=100, parameter=poison)
    ) as worker:
        ready(worker)
        job_id = deployment.start_all(world)
        job = deployment.wait_for_the_end(job_id)

    assert (job.state, job.count("restored"), job.count("failed"), job.processed) == ("done", FEW - 1, 1, FEW)
    assert deployment.reasons(job_id) == {poison: "crashed"}
    assert deployment.ids_in_the_bin(world) == [poison]
    assert len(deployment.logged("horse_died", job=job_id)) == 6
    # The others of its batch were restored one by one, the later ones in batches again.
    assert job.one_by_one == 0
    assert [batch.items for batch in deployment.history(job_id)].count(5) == FEW // 5 - 1
