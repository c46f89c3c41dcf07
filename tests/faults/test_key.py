"""The workspace's key in Redis: lost, stolen or left behind it costs nobody their restore."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.accidents import Accident
from tests.support.browser import Browser
from tests.support.confirming import ASK_ABOUT_ALL, confirm, job_of, start_as_soon_as_possible
from tests.support.house import House
from tests.support.processes import CHECKOUT, PATIENCE, WorkerProcess, is_stopped, wait_until
from tests.support.work import work_off
from webapp.models import Job, User
from webapp.worker.redis_lock import key

Enter = Callable[[User], Browser]


def holder(house: House, world: World) -> str | None:
    value = house.redis.get(key("restore", world.id))
    return value.decode() if isinstance(value, bytes) else None


def wait_for_a_stop(worker: WorkerProcess) -> int:
    """Wait until the horse stands still; its number."""
    found: list[int] = []

    def stopped() -> bool:
        found[:] = [pid for pid in [worker.horse()] if pid and is_stopped(pid)]
        return bool(found)

    wait_until(stopped)
    return found[0]


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def is_kept(house: House, world: World, job_id: int) -> bool:
    """Whether the job is still active; then its key is there, with a time to live in its bounds."""
    left = house.redis.pttl(key("restore", world.id))
    # Looked at afterwards: a job that is active now was so a moment ago.
    is_active = house.job(job_id).is_active
    assert 0 < left <= house.lock.lock_milliseconds or not is_active
    return is_active


def has_gone_on(house: House, job_id: int, done: int) -> bool:
    return house.job(job_id).processed > done


def wait_for_renewals(house: House, world: World, job_id: int, *, times: int) -> None:
    """Wait until the key's time to live has grown so often, as it does by no other means."""
    seen: list[int] = []

    def renewed() -> bool:
        assert is_kept(house, world, job_id)
        seen.append(house.redis.pttl(key("restore", world.id)))
        return sum(after > before for before, after in pairwise(seen)) >= times

    wait_until(renewed)


def test_an_overwritten_key_lets_no_other_job_start_and_is_repaired_by_the_next_batch_or_the_reconciler(
    house: House, enter: Enter
) -> None:
    """(4) and (8) The horse stands still after each of three batches, and each time the key is spoilt."""
    world = house.new_world(30)
    second = enter(world.admin)
    dialog = second.get(ASK_ABOUT_ALL)
    with house.worker(Accident("after COMMIT", Accident.STOP, at=4, again=True, times=3)) as worker:
        job_id = house.start_all(world)
        for spoil in (house.redis.delete, partial(house.redis.set, value="a stranger")):
            horse = wait_for_a_stop(worker)
            done = house.job(job_id).processed
            # The reconciler would mend the key as well, but here it is about the batch.
            with standing_still(worker.process.pid):
                spoil(key("restore", world.id))
                refused = confirm(second, dialog)
                assert refused.status == 409
                assert refused.button("See the running restore")["href"] == f"/restores/{job_id}"

                os.kill(horse, signal.SIGCONT)
                wait_until(partial(has_gone_on, house, job_id, done))
                wait_for_a_stop(worker)

                assert house.job(job_id).processed == done + 5
                assert holder(house, world) == house.job(job_id).uuid
        # Now nothing is committed, for longer than the lease; but the supervisor lives.
        house.redis.delete(key("restore", world.id))
        wait_until(lambda: holder(house, world) == house.job(job_id).uuid)
        wait_for_renewals(house, world, job_id, times=2)
        os.kill(horse, signal.SIGCONT)
        house.check_that_all_came_back_once(job_id, 30)
        assert house.job(job_id).fence == 1


def test_when_the_web_dies_between_key_and_row_the_next_start_succeeds_before_the_key_expires(
    house: House, enter: Enter
) -> None:
    """(6)"""
    world = house.new_world(3)
    accident = Accident("before INSERT INTO restore_job", Accident.KILL)

    ended = subprocess.run(
        [sys.executable, Accident.SCRIPT, "confirm", world.admin.email],
        cwd=CHECKOUT,
        env=os.environ | house.environ | accident.environ(house.folder),
        timeout=PATIENCE,
        check=False,
    )

    assert ended.returncode == -signal.SIGKILL
    assert holder(house, world) is not None, "it had taken the key"
    with Session(house.engine) as session:
        assert session.scalar(select(Job.id).where(Job.workspace_id == world.id)) is None
    job_id = start_as_soon_as_possible(enter(world.admin))
    work_off(house.app)
    house.check_that_all_came_back_once(job_id, 3)


def test_an_active_job_always_has_its_key_and_a_stale_key_blocks_no_start(house: House, enter: Enter) -> None:
    """(7) and (8) The worker dies between the last commit of the first job and its release."""
    world = house.new_world(150)
    with house.worker(Accident("before release", Accident.KILL)) as worker:
        wait_until(lambda: worker.child("restore"))
        first = house.start_all(world)
        wait_until(lambda: not is_kept(house, world, first))
        house.check_that_all_came_back_once(first, 150)
        wait_until(lambda: house.logged("horse_died", job=first))
        assert holder(house, world) == house.job(first).uuid, "it is left behind"
        house.delete_again(world)

        second = job_of(confirm(enter(world.admin)))

        wait_until(lambda: not is_kept(house, world, second))
        house.check_that_all_came_back_once(second, 150)
        wait_until(lambda: holder(house, world) is None)
