"""The workspace's key in Redis: a lost, overwritten or stale key prevents no restore."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.accidents import Accident
from tests.support.browser import Browser
from tests.support.confirming import ASK_ABOUT_ALL, confirm, job_of, start_as_soon_as_possible
from tests.support.databases import is_writable
from tests.support.deployment import Deployment
from tests.support.processes import CHECKOUT, PATIENCE, is_stopped, wait_until
from tests.support.work import run_worker
from webapp.models import Job, User
from webapp.worker.redis_lock import RedisLock, key

Enter = Callable[[User], Browser]
# Milliseconds; of the key of a worker with the real times.
LONGEST_LIFETIME = 60_000


def holder(deployment: Deployment, world: World) -> str | None:
    value = deployment.redis.get(key("restore", world.id))
    return value.decode() if isinstance(value, bytes) else None


@contextmanager
def stopped_worker(deployment: Deployment, pid: int) -> Iterator[None]:
    """Stop the worker's parent between its writes: within one it would hold the lock that others wait for."""

    def stopped_outside_of_a_write() -> bool:
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: is_stopped(pid))
        if is_writable(deployment.engine):
            return True
        os.kill(pid, signal.SIGCONT)
        return False

    try:
        wait_until(stopped_outside_of_a_write)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def is_kept(deployment: Deployment, world: World, job_id: int) -> bool:
    """Whether the job is still active; if so, its key exists with a valid time to live."""
    left = deployment.redis.pttl(key("restore", world.id))
    # Read afterwards: a job that is active now was active before, too.
    is_active = deployment.job(job_id).is_active
    assert 0 < left <= LONGEST_LIFETIME or not is_active
    return is_active


def has_gone_on(deployment: Deployment, job_id: int, done: int) -> bool:
    return deployment.job(job_id).processed > done


def wait_for_renewals(deployment: Deployment, world: World, job_id: int, *, times: int) -> None:
    """Wait until the key was renewed so often; only a renewal extends its time to live."""
    seen: list[int] = []

    def renewed() -> bool:
        assert is_kept(deployment, world, job_id)
        seen.append(deployment.redis.pttl(key("restore", world.id)))
        return sum(after > before for before, after in pairwise(seen)) >= times

    wait_until(renewed)


def test_an_overwritten_key_lets_no_other_job_start_and_is_repaired_by_the_next_batch_or_the_reconciler(
    deployment: Deployment, enter: Enter
) -> None:
    """(4) and (8) The horse is stopped after each of three batches, and each time the key is overwritten."""
    world = deployment.new_world(30)
    second = enter(world.admin)
    dialog = second.get(ASK_ABOUT_ALL)
    with deployment.worker(Accident("after COMMIT", Accident.STOP, at=4, again=True, times=3)) as worker:
        job_id = deployment.start_all(world)
        for spoil in (deployment.redis.delete, partial(deployment.redis.set, value="a stranger")):
            horse = worker.wait_for_a_stopped_horse()
            done = deployment.job(job_id).processed
            # The reconciler would repair the key as well, but this part tests the batch.
            with stopped_worker(deployment, worker.process.pid):
                spoil(key("restore", world.id))
                refused = confirm(second, dialog)
                assert refused.status == 409
                assert refused.button("See the running restore")["href"] == f"/restores/{job_id}"

                os.kill(horse, signal.SIGCONT)
                wait_until(partial(has_gone_on, deployment, job_id, done))
                worker.wait_for_a_stopped_horse()

                assert deployment.job(job_id).processed == done + 5
                assert holder(deployment, world) == deployment.job(job_id).uuid
        # Now nothing is committed for longer than the lease, but the supervisor runs.
        deployment.redis.delete(key("restore", world.id))
        wait_until(lambda: holder(deployment, world) == deployment.job(job_id).uuid)
        wait_for_renewals(deployment, world, job_id, times=2)
        os.kill(horse, signal.SIGCONT)
        deployment.check_that_all_came_back_once(job_id, 30)
        assert deployment.job(job_id).fence == 1


def test_when_the_web_dies_between_key_and_row_the_next_start_succeeds_before_the_key_expires(
    deployment: Deployment, enter: Enter
) -> None:
    """(6)"""
    world = deployment.new_world(3)
    accident = Accident("before INSERT INTO restore_job", Accident.KILL)

    ended = subprocess.run(
        [sys.executable, Accident.SCRIPT, "confirm", world.admin.email],
        cwd=CHECKOUT,
        env=os.environ | deployment.environ | accident.environ(deployment.folder),
        timeout=PATIENCE,
        check=False,
    )

    assert ended.returncode == -signal.SIGKILL
    assert holder(deployment, world) is not None, "it had acquired the key"
    with Session(deployment.engine) as session:
        assert session.scalar(select(Job.id).where(Job.workspace_id == world.id)) is None
    job_id = start_as_soon_as_possible(enter(world.admin))
    run_worker(deployment.app)
    deployment.check_that_all_came_back_once(job_id, 3)


def test_an_active_job_always_has_its_key_and_a_stale_key_blocks_no_start(
    deployment: Deployment, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(7) and (8) The worker dies between the last commit of the first job and its release."""
    world = deployment.new_world(150)
    # With the real times, or the key may expire before a batch renews it or the test reads it.
    real = RedisLock(deployment.redis, lock_seconds=60, starting_seconds=10)
    monkeypatch.setattr(deployment, "lock", real)
    with deployment.worker(Accident("before release", Accident.KILL), TIME_SCALE="1") as worker:
        wait_until(lambda: worker.child("restore"))
        first = deployment.start_all(world)
        wait_until(lambda: not is_kept(deployment, world, first))
        deployment.check_that_all_came_back_once(first, 150)
        wait_until(lambda: deployment.logged("horse_died", job=first))
        assert holder(deployment, world) == deployment.job(first).uuid, "the key is stale"
        deployment.delete_again(world)

        second = job_of(confirm(enter(world.admin)))

        wait_until(lambda: not is_kept(deployment, world, second))
        deployment.check_that_all_came_back_once(second, 150)
        wait_until(lambda: holder(deployment, world) is None)
