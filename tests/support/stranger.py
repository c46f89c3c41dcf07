"""What a person does who can write to Redis: messages that would run their code in a worker of plain RQ."""

import json
import pickle
import tempfile
import zlib
from pathlib import Path

from redis import Redis
from rq import Queue
from rq.callbacks import Callback
from rq.serializers import JSONSerializer
from rq.utils import now as rq_now
from rq.utils import utcformat

from webapp.worker.message import CARRY_OUT, SEND_MAIL


def marker(name: str) -> Path:
    """The file that appears when the code of the attack `name` runs."""
    return Path(tempfile.gettempdir()) / f"stranger-{name}"


def touch(name: str) -> str:
    """A function for any worker that can import this module."""
    marker(name).touch()
    return name


def call_back(job: object, *_: object) -> None:
    """A callback for any such worker."""
    touch(str(getattr(job, "id", "")))


class Pickled:
    """Runs a command where it is unpickled."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return touch, (self.name,)


def put(redis: Redis, queue: str, message_id: str, data: bytes, **fields: str) -> None:
    """A message as RQ stores it, byte by byte."""
    usual = {"created_at": utcformat(rq_now()), "origin": queue, "status": "queued", "timeout": "60"}
    redis.hset(f"rq:job:{message_id}", "data", data)
    for name, value in (usual | fields).items():
        redis.hset(f"rq:job:{message_id}", name, value)
    redis.rpush(f"rq:queue:{queue}", message_id)


def attack(redis: Redis, queue: str) -> list[str]:
    """Queue messages that run code in a worker of plain RQ; returns the names of their markers."""
    plain = Queue(queue, connection=redis, serializer=JSONSerializer)
    call_back_name = f"{__name__}.call_back"
    plain.enqueue("os.system", f"touch {marker('system')}", job_id="system")
    plain.enqueue(f"{__name__}.touch", "function", job_id="function")
    plain.enqueue(f"{__name__}.touch", kwargs={"name": "named"}, job_id="named")
    call: list[object] = [f"{__name__}.touch", None, ["plain_data"], {}]
    put(redis, queue, "plain_data", json.dumps(call).encode())
    # A function of ours, and more.
    plain.enqueue(SEND_MAIL, job_id="success", on_success=Callback(call_back_name))
    plain.enqueue("nothing.at.all", job_id="failure", on_failure=Callback(call_back_name))
    either = {"on_success": Callback(call_back_name), "on_failure": Callback(call_back_name)}
    plain.enqueue(CARRY_OUT, "1; DROP TABLE contact", job_id="string", **either)
    first = plain.enqueue(SEND_MAIL, job_id="first")
    plain.enqueue(f"{__name__}.touch", "dependent", job_id="dependent", depends_on=first)
    return ["system", "function", "named", "plain_data", "success", "failure", "string", "dependent"]


def attack_pickles(redis: Redis, queue: str) -> list[str]:
    """The same for a worker that unpickles."""
    put(redis, queue, "pickled", zlib.compress(pickle.dumps(Pickled("pickled"))))
    return ["pickled"]


NO_JSON = [
    *(b"", b"{", b"null", b'"restore"', b"\xff\xfe\xfd", b"[" * 900),
    zlib.compress(b"[" * 900),
    zlib.compress(b" " * 10_000_000),
]
# Nearly what ours are.
NOT_OURS: list[list[object]] = [
    [CARRY_OUT, None, [2**70], {}],
    [CARRY_OUT, None, [-1], {}],
    [CARRY_OUT, None, [True], {}],
    [CARRY_OUT, None, [1.0], {}],
    [CARRY_OUT, None, [], {}],
    [CARRY_OUT, None, [1, 2], {}],
    [CARRY_OUT, None, {"0": 1}, {}],
    [CARRY_OUT, "instance", [1], {}],
    [CARRY_OUT, None, [1], {"job_id": 2}],
    [[CARRY_OUT], None, [1], {}],
    [CARRY_OUT, None, [1]],
]


def confuse(redis: Redis, queue: str) -> None:
    """Queue what is no message at all."""
    for entry in (b"\xff\xfe", b"a b", b"", b"none", b"a:b", b"x" * 100_000):
        redis.rpush(f"rq:queue:{queue}", entry)
    redis.set("rq:job:a_string", "not a hash")
    redis.rpush(f"rq:queue:{queue}", "a_string")
    redis.hset("rq:job:without_data", "origin", queue)
    redis.rpush(f"rq:queue:{queue}", "without_data")
    for number, data in enumerate([*NO_JSON, *(json.dumps(call).encode() for call in NOT_OURS)]):
        put(redis, queue, f"confusing_{number}", data)
    put(redis, queue, "fields", b"{", status="no such status", created_at="never", result_ttl="x", meta="{")
    redis.rpush(f"rq:queue:{queue}:intermediate", b"\xff\xfe", "a b")
    redis.zadd(f"rq:wip:{queue}", {b"\xff:\xfe": 1, b"fields:1": 1})
    redis.zadd(f"rq:failed:{queue}", {b"\xff": 1})
    redis.sadd("rq:workers", b"\xff")
    redis.set("rq:suspended", 1)
