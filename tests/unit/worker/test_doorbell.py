"""Ringing: a message in RQ says that a worker should look; a lost one does no harm."""

import pytest
from redis import Redis
from rq.serializers import JSONSerializer
from rq.utils import import_attribute

from tests.factories.people import number
from webapp.restoring.work import RESTORE
from webapp.worker import tasks
from webapp.worker.connection import connect
from webapp.worker.message import CARRY_OUT, WORK_OFF, queue
from webapp.worker.queue import Doorbell


def test_a_ring_names_the_job_and_nothing_else(redis: Redis) -> None:
    job_id = number()

    Doorbell(redis).ring("restore", job_id)

    [message] = [found for found in queue(RESTORE.queue, redis).get_jobs() if found.args == [job_id]]
    assert message.func_name == CARRY_OUT
    assert message.kwargs == {}
    message.delete()


def test_a_ring_is_plain_json_and_never_times_out_a_long_job(redis: Redis) -> None:
    job_id = number()

    Doorbell(redis).ring("restore", job_id)

    [message] = [found for found in queue(RESTORE.queue, redis).get_jobs() if found.args == [job_id]]
    assert message.serializer is JSONSerializer
    assert message.timeout == -1
    message.delete()


def test_a_job_of_an_unknown_kind_is_not_rung_for(redis: Redis) -> None:
    Doorbell(redis).ring("a later kind", 1)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "unix:///nowhere/redis.sock"])
def test_without_redis_a_ring_is_lost_and_nothing_fails(url: str) -> None:
    Doorbell(connect(url)).ring("restore", 1)
    Doorbell(connect(url)).ring_for_due()


@pytest.mark.parametrize(
    ("name", "task"),
    [
        (CARRY_OUT, tasks.carry_out_job),
        (WORK_OFF, tasks.work_off_due),
        ("webapp.jobs.tasks.restore", tasks.carry_out_job),
        ("webapp.jobs.tasks.work", tasks.work_off_due),
    ],
)
def test_messages_of_this_and_the_previous_release_are_callable(name: str, task: object) -> None:
    assert import_attribute(name) is task


def test_one_message_for_a_job_waits_at_most(redis: Redis) -> None:
    """A second one would give the job two turns each time, for as long as it takes turns with others."""
    first, second = number(), number()
    for _ in range(3):
        Doorbell(redis).ring("restore", first)
    Doorbell(redis).ring("restore", second)

    messages = [
        found for found in queue(RESTORE.queue, redis).get_jobs() if found.args in ([first], [second])
    ]

    assert [message.args for message in messages] == [[first], [second]]
    for message in messages:
        message.delete()
