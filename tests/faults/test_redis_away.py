"""Redis goes down and comes back, as a separate service and under `make run`, without any action by a
person."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.accidents import Accident
from tests.support.deployment import new_deployment
from tests.support.processes import CHECKOUT, PATIENCE, is_running, wait_until
from tests.support.web import WebProcess, free_port, status, web_process
from webapp.local_services import private_redis, redis_url

CONTACTS = 60


def test_while_redis_is_down_pages_answer_and_the_restore_continues_and_all_is_well_when_it_returns(
    environ: dict[str, str],
) -> None:
    """(28) It goes down during a batch, and stays down until a worker has tried to reconnect and failed."""
    in_a_batch = Accident("before UPDATE contact", Accident.STOP, at=3)
    with (
        new_deployment(environ) as deployment,
        deployment.worker(in_a_batch) as worker,
        web_process(deployment.environ, deployment.folder / "web.log") as web,
    ):
        world = deployment.new_world(contacts=3)
        with private_redis(deployment.folder):
            wire = web.wire(world.admin.email)
            wait_until(lambda: worker.child("restore"))
            job_id = deployment.start_job(CONTACTS)
            horse = worker.wait_for_a_stopped_horse()

        # Its parent has no Redis either.
        wait_until(lambda: deployment.logged("heartbeat_missed"))
        os.kill(horse, signal.SIGCONT)
        for path in ("/contacts", "/contacts/restore", "/restores", "/contacts/restore/confirm-all"):
            assert status(wire.get(path)) == 200
        refused = wire.confirm_all()
        assert status(refused) == 503
        assert b"Nothing was changed." in refused
        deployment.check_that_all_came_back_once(job_id, CONTACTS)
        assert deployment.job(job_id).fence == 1
        wait_until(lambda: len(deployment.logged("worker_died", queue="restore")) >= 2)
        assert deployment.jobs_of(world) == []

        with private_redis(deployment.folder):
            assert status(wire.confirm_all()) == 303
            [second] = deployment.jobs_of(world)
            deployment.check_that_all_came_back_once(second, 3)
        assert worker.is_alive
        assert web.is_alive


@contextmanager
def local_run(checkout: Path, environ: dict[str, str]) -> Iterator[WebProcess]:
    """`make run` without make, in a copy of the checkout with its own instance folder."""
    for folder in ("webapp", "serving", "templates", "migrations"):
        # With what is compiled: it takes seconds otherwise.
        shutil.copytree(CHECKOUT / folder, checkout / folder)
    for file in ("worker.py", "gunicorn.conf.py"):
        shutil.copy(CHECKOUT / file, checkout)
    port = free_port()
    log = checkout / "run.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "webapp.local"],
            cwd=checkout,
            env=os.environ | environ | {"PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )

    def welcomes() -> bool:
        assert process.poll() is None, log.read_text()
        return "The app is running" in log.read_text()

    try:
        wait_until(welcomes)
        yield WebProcess(process, port, log)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


# Worker and web are the same for both databases.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
def test_make_run_replaces_a_redis_that_dies(
    database_url: str, environ: dict[str, str], tmp_path: Path
) -> None:
    """(28) The running restore and the next one need no help; Ctrl-C leaves no process."""
    folder = tmp_path / "instance" / "redis"
    with new_deployment(environ, REDIS_URL=redis_url(folder)) as deployment:
        world = deployment.new_world(contacts=3)
        with local_run(tmp_path, deployment.environ) as run:
            wire = run.wire(world.admin.email)
            job_id = deployment.start_job(deployment.many)
            deployment.wait_for_the_middle(job_id)
            killed = deployment.redis.info("server")["process_id"]

            os.kill(killed, signal.SIGKILL)

            wait_until(lambda: status(wire.get("/readyz")) == 200)
            last = deployment.redis.info("server")["process_id"]
            assert last != killed
            deployment.check_that_all_came_back_once(job_id, deployment.many)
            assert status(wire.confirm_all()) == 303
            [second] = deployment.jobs_of(world)
            deployment.check_that_all_came_back_once(second, 3)
            family = psutil.Process(run.process.pid).children(recursive=True)
        assert run.process.returncode == 0
        assert [process for process in family if is_running(process.pid)] == []
        assert not is_running(last)
