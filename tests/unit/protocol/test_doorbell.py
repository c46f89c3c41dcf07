"""The doorbell: a message in RQ says that somebody should look; a lost one harms nothing."""

import pytest
from redis import Redis
from rq.serializers import JSONSerializer

from tests.factories.people import number
from webapp.jobs.connection import connect
from webapp.jobs.doorbell import RESTORE, Doorbell, queue


def test_a_ring_names_the_job_and_nothing_else(redis: Redis) -> None:
    job_id = number()

    Doorbell(redis).ring(job_id)

    [message] = [found for found in queue(RESTORE, redis).get_jobs() if found.args == [job_id]]
    assert message.func_name == "webapp.jobs.tasks.restore"
    assert message.kwargs == {}
    message.delete()


def test_a_ring_is_plain_json_and_never_times_out_a_long_restore(redis: Redis) -> None:
    job_id = number()

    Doorbell(redis).ring(job_id)

    [message] = [found for found in queue(RESTORE, redis).get_jobs() if found.args == [job_id]]
    assert message.serializer is JSONSerializer
    assert message.timeout == -1
    message.delete()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "unix:///nowhere/redis.sock"])
def test_where_redis_is_away_a_ring_is_lost_and_nobody_is_disturbed(url: str) -> None:
    Doorbell(connect(url)).ring(1)
