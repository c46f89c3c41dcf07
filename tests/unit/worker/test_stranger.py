"""A person who can write to Redis runs nothing in a worker (docs/adr/0039)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st
from redis import Redis
from rq import Queue, SimpleWorker
from rq.callbacks import Callback
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import as_text
from structlog.testing import capture_logs

from tests.support.own_redis import own_redis
from tests.support.stranger import attack, attack_pickles, confuse, marker
from tests.support.work import HereWorker
from webapp.worker.message import (
    CARRY_OUT,
    FUNCTIONS,
    REFUSED,
    SEND_MAIL,
    WORK_OFF,
    Call,
    Message,
    queue,
    read_call,
)

# No worker of the tests takes messages from it.
QUEUE = "strange"


@pytest.fixture
def strange(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of this test's own: what RQ keeps for all queues is attacked, too."""
    with own_redis(tmp_path) as own:
        yield own.redis


def work_off(redis: Redis) -> list[str]:
    """Let a worker of ours empty the queue; returns what it logged."""
    with capture_logs() as logged:
        worker = HereWorker([queue(QUEUE, redis)], connection=redis, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="CRITICAL")
    assert redis.llen(f"rq:queue:{QUEUE}") == 0, "it has gone on to the end"
    return [line["event"] for line in logged]


def marked(names: list[str]) -> list[str]:
    """Which attacks have run; their markers are gone afterwards."""
    found = [name for name in names if marker(name).exists()]
    for name in found:
        marker(name).unlink()
    return found


def test_no_message_of_a_stranger_runs_anything_and_the_worker_goes_on(app: Flask, strange: Redis) -> None:
    with app.app_context():
        # What is attacked here does run elsewhere: each of them, in a worker of plain RQ.
        names = attack(strange, QUEUE)
        SimpleWorker([QUEUE], connection=strange, serializer=JSONSerializer).work(
            burst=True, logging_level="CRITICAL"
        )
        pickles = attack_pickles(strange, QUEUE)
        SimpleWorker([QUEUE], connection=strange).work(burst=True, logging_level="CRITICAL")
        assert marked(names + pickles) == names + pickles
        strange.flushall()

        attack(strange, QUEUE)
        attack_pickles(strange, QUEUE)
        refused = work_off(strange)

    assert marked(names + pickles) == []
    assert refused.count("message_refused") == len(["system", "function", "named", "plain_data"]) + 3
    left = {as_text(key) for key in strange.scan_iter("rq:job:*")}
    assert left == {"rq:job:dependent", "rq:job::dependent:dependencies"}, "it waits for ever"
    failed = FailedJobRegistry(QUEUE, connection=strange, serializer=JSONSerializer)
    assert failed.get_job_ids(cleanup=False) == []


def test_what_is_no_message_at_all_stops_no_worker(app: Flask, strange: Redis) -> None:
    confuse(strange, QUEUE)
    with app.app_context():
        queue(QUEUE, strange).ring(Call(SEND_MAIL))

        work_off(strange)

        assert strange.exists("rq:suspended"), "a worker does not ask for it"
        assert queue(QUEUE, strange).waiting() == set()
        work_off(strange)
        assert strange.exists(f"rq:queue:{QUEUE}:intermediate") == 0


def test_a_doorbell_rings_whatever_lies_in_the_queue(strange: Redis) -> None:
    confuse(strange, QUEUE)
    calls = [Call(CARRY_OUT, (7,)), Call(WORK_OFF), Call(CARRY_OUT, (8,))]

    for call in calls * 2:
        queue(QUEUE, strange).ring(call)

    assert queue(QUEUE, strange).waiting() == set(calls)
    assert len({*strange.lrange(f"rq:queue:{QUEUE}", -3, -1)}) == 3


def test_of_a_message_only_its_function_and_its_numbers_are_read(strange: Redis) -> None:
    plain = Queue(QUEUE, connection=strange, serializer=JSONSerializer)
    plain.enqueue(
        CARRY_OUT,
        12,
        job_id="options",
        job_timeout=1,
        result_ttl=77,
        meta={"a": 1},
        on_success=Callback("os.getpid"),
        on_failure=Callback("os.getpid"),
        on_stopped=Callback("os.getpid"),
    )
    more = {"group_id": "g", "retries_left": "5", "repeats_left": "5", "dependency_id": "x"}
    for name, value in (more | {"webhooks": '[{"url": "http://127.0.0.1:1/"}]'}).items():
        strange.hset("rq:job:options", name, value)

    message = Message.fetch("options", connection=strange, serializer=JSONSerializer)

    assert (message.func_name, message.args, message.kwargs, message.instance) == (CARRY_OUT, [12], {}, None)
    assert (message.timeout, message.result_ttl, message.meta, message.webhooks) == (-1, 0, {}, [])
    assert (message.success_callback, message.failure_callback, message.stopped_callback) == (None,) * 3
    assert (message.group_id, message.retries_left, message.repeats_left) == (None, None, None)
    assert message.dependency is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(sorted(FUNCTIONS)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=8,
)


@given(st.lists(ANYTHING, min_size=3, max_size=5) | ANYTHING)
@example(["unknown", None, None, {}])
@example([CARRY_OUT, None, 1, {}])
def test_any_json_is_a_call_of_ours_or_refused(written: object) -> None:
    call = read_call(json.dumps(written).encode())

    assert call == REFUSED or (len(call.numbers) == FUNCTIONS[call.name])
    assert all(type(number) is int and number > 0 for number in call.numbers)


@given(st.binary())
def test_any_bytes_are_refused(data: bytes) -> None:
    assert read_call(data) == REFUSED


@pytest.mark.parametrize("call", [Call(CARRY_OUT, (2**63 - 1,)), Call(WORK_OFF), Call(SEND_MAIL)])
def test_our_own_messages_are_read_as_they_were_written(call: Call, strange: Redis) -> None:
    queue(QUEUE, strange).ring(call)

    [message] = queue(QUEUE, strange).get_jobs()

    assert isinstance(message, Message)
    assert (message.call, read_call(call.to_data())) == (call, call)
