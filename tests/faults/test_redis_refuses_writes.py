"""Redis is full, then a replica, then unable to save. It answers, but web and worker cannot write to it."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from tests.support.accidents import Accident
from tests.support.deployment import Deployment, new_deployment
from tests.support.own_redis import ILLNESSES, OwnRedis, own_redis
from tests.support.processes import wait_until
from tests.support.web import WebProcess, Wire, cookie_in, status, token_in, web_process

CONTACTS = 60


@pytest.fixture(scope="module")
def deployment(environ: dict[str, str]) -> Iterator[Deployment]:
    with new_deployment(environ) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def ill_redis(deployment: Deployment) -> Iterator[OwnRedis]:
    """The Redis of the deployment."""
    with own_redis(deployment.folder) as ill_redis:
        yield ill_redis


def readiness(wire: Wire) -> dict[str, bool]:
    answer: dict[str, bool] = json.loads(wire.get("/readyz").partition(b"\r\n\r\n")[2])
    return answer


def guesses(web: WebProcess, times: int) -> list[int]:
    """The answers to so many wrong passwords."""
    stranger = Wire(web.port)
    form = stranger.get("/login")
    stranger.cookie, stranger.token = cookie_in(form), token_in(form)
    return [
        status(stranger.post("/login", f"email=a{number}@x.example&password=wrong"))
        for number in range(times)
    ]


def test_while_redis_refuses_writes_jobs_go_on_none_begins_and_all_is_well_afterwards(
    deployment: Deployment, ill_redis: OwnRedis
) -> None:
    # The third batch of each job waits; what is restored afterwards has one batch.
    in_a_batch = Accident("before UPDATE contact", Accident.STOP, at=3, times=len(ILLNESSES))
    with (
        deployment.worker(in_a_batch) as worker,
        web_process(deployment.environ, deployment.folder / "web.log") as web,
    ):
        worlds = {illness: deployment.new_world(contacts=3) for illness in ILLNESSES}
        last = [*worlds][-1]
        for illness, world in worlds.items():
            wire = web.wire(world.admin.email)
            wait_until(lambda: worker.child("restore"))
            running = deployment.start_job(CONTACTS)
            horse = worker.wait_for_a_stopped_horse()

            with ill_redis.state(illness):
                assert not readiness(wire)["redis"], illness
                refused = wire.confirm_all()
                assert status(refused) == 503, illness
                assert b"Restores cannot be started right now. Nothing was changed." in refused
                for path in ("/contacts", "/contacts/restore", "/restores"):
                    assert status(wire.get(path)) == 200, (illness, path)
                # On SQLite the horse holds the lock, and a refused sign-in is recorded.
                if illness == last and deployment.engine.dialect.name == "postgresql":
                    assert guesses(web, 21) == [422] * 20 + [429]
                os.kill(horse, signal.SIGCONT)
                deployment.check_that_all_came_back_once(running, CONTACTS)
            assert deployment.jobs_of(world) == [], illness

            assert readiness(wire)["redis"], illness
            assert status(wire.confirm_all()) == 303, illness
            [after] = deployment.jobs_of(world)
            deployment.check_that_all_came_back_once(after, 3)
        assert worker.is_alive
        assert web.is_alive
