"""The supervisor's reconciler: rings for stalled jobs, renews their keys, and writes the heartbeat."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.clock import read_clock
from webapp.jobs.cancel import cancel
from webapp.jobs.heartbeat import beat, silent_queues
from webapp.jobs.recover import renew_keys
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.models import Job, WorkerHeartbeat
from webapp.models.job import JobState
from webapp.restoring.start import line_up
from webapp.restoring.work import RESTORE
from webapp.worker.kinds import KINDS
from webapp.worker.message import queue
from webapp.worker.redis_lock import RedisLock, key
from webapp.worker.watch import reconcile


@pytest.fixture
def job(store: Session, world: World, restoring: Restoring) -> Job:
    delete(store, world, new_contact(store, world), new_contact(store, world))
    return restoring.start(restoring.question_all().scope)


def test_the_reconciler_rings_and_sets_the_lost_key_again(
    app: Flask, store: Session, world: World, job: Job, redis: Redis
) -> None:
    redis.delete(key("restore", world.id))
    job.rung_at -= timedelta(hours=1)
    store.commit()

    with app.app_context():
        rung = reconcile()

    assert job.id in rung
    assert [job.id] in [message.args for message in queue(RESTORE.queue, redis).get_jobs()]
    assert redis.get(key("restore", world.id)) == job.uuid.encode()
    queue(RESTORE.queue, redis).empty()  # type: ignore[no-untyped-call]  # RQ gives it no types


def test_the_reconciler_makes_up_for_a_missed_promotion_and_rings(
    app: Flask, store: Session, world: World, restoring: Restoring, job: Job, redis: Redis
) -> None:
    """The previous release ends a job without promoting the one in line."""
    waiting = line_up(
        store,
        restoring.lock,
        lambda *_: None,
        scope=restoring.question_all().scope,
        requested_by=world.admin.id,
    )
    job.state = JobState.DONE
    store.commit()

    with app.app_context():
        assert waiting.id in reconcile()
        assert waiting.id not in reconcile()

    assert [waiting.id] in [message.args for message in queue(RESTORE.queue, redis).get_jobs()]
    assert redis.get(key("restore", world.id)) == waiting.uuid.encode()
    queue(RESTORE.queue, redis).empty()  # type: ignore[no-untyped-call]  # RQ gives it no types


class BusyLock(RedisLock):
    """A lock during whose renewal something else happens, after the reconciler has read the active jobs."""

    def __init__(self, lock: RedisLock, before_renewal: Callable[[], object]) -> None:
        super().__init__(lock.redis, lock_seconds=60, starting_seconds=10)
        self.before_renewal = before_renewal

    def renew(self, group: str, workspace_id: int, uuid: str) -> None:
        self.before_renewal()
        super().renew(group, workspace_id, uuid)


@pytest.mark.parametrize("how", ["done", "cancelled"])
def test_a_job_that_ends_while_its_key_is_renewed_does_not_get_it_back(
    how: str,
    store: Session,
    other: Session,
    world: World,
    restoring: Restoring,
    job: Job,
    redis: Redis,
) -> None:
    """(8) After the end the key is gone, and is not set again."""
    job_id = job.id
    ended: list[str] = []

    def end() -> None:
        if not ended:
            if how == "done":
                ended.append(carry_out(other, restoring.lock, KINDS, job_id, settings=BatchSettings(30, 10)))
            else:
                ended.append(cancel(other, restoring.lock, job_id, by=None))
            assert redis.get(key("restore", world.id)) is None

    renew_keys(store, BusyLock(restoring.lock, end))

    assert ended == [how]
    assert redis.get(key("restore", world.id)) is None


def test_a_queue_is_silent_until_its_workers_are_noted_and_again_after_30_seconds(store: Session) -> None:
    store.query(WorkerHeartbeat).delete()
    store.commit()
    now = read_clock(store)
    assert silent_queues(store, ["restore", "work"], now, silence=30) == {"restore": None, "work": None}

    beat(store, {"restore"})

    assert silent_queues(store, ["restore", "work"], now, silence=30) == {"work": None}
    seen = store.get_one(WorkerHeartbeat, "restore").seen_at
    later = seen + timedelta(seconds=30)
    assert silent_queues(store, ["restore"], later, silence=30) == {"restore": seen}
    beat(store, {"restore"})
    assert silent_queues(store, ["restore"], later - timedelta(seconds=1), silence=30) == {}
