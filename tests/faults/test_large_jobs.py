"""Each kind of large job when another runner overtakes it, the disk is full, Redis is lost, or it is stopped.
Workers that are killed are in the files of the kinds; a database that is restarted is in
`test_database_restarted`."""

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from tests.faults.large import LARGE, Large
from tests.support.deployment import Deployment, new_deployment
from tests.support.faults import no_room
from tests.support.processes import wait_until
from webapp.clock import read_clock
from webapp.jobs.cancel import cancel
from webapp.local_services import private_redis
from webapp.models import Job

ITEMS = 60
# Such a worker's reconciler does not come by during a test.
PATIENT = "0.1"
# Their batches delete only: SQLite needs no further page for them.
SHRINKING = ("purge", "erase")

each_kind = pytest.mark.parametrize("large", LARGE, ids=[large.name for large in LARGE])


@each_kind
def test_a_runner_that_was_overtaken_writes_nothing_more(large: Large, deployment: Deployment) -> None:
    _, job_id = large.begin(deployment, ITEMS)
    overtaken: list[str] = []

    def overtake() -> None:
        if overtaken:
            return
        with deployment.writing() as session:
            past = read_clock(session)
            session.execute(update(Job).where(Job.id == job_id).values(lease_until=past))
            session.commit()
        overtaken.append(deployment.carry_out(job_id, batch_size=10))

    assert deployment.carry_out(job_id, after_each_batch=overtake, batch_size=10) == "lost_lease"
    assert overtaken == ["done"]
    large.check(deployment, job_id, ITEMS)
    fences = [batch.fence for batch in deployment.history(job_id)]
    assert fences == [1, *[2] * (len(fences) - 1)]


@each_kind
def test_without_room_on_the_disk_it_waits_and_goes_on_when_there_is_room(
    large: Large, deployment: Deployment
) -> None:
    if large.name in SHRINKING and deployment.engine.dialect.name == "sqlite":
        pytest.skip("it makes room itself")
    items = 10 * ITEMS
    _, job_id = large.begin(deployment, items)

    with no_room(deployment.engine), pytest.raises(OperationalError):
        deployment.carry_out(job_id, batch_size=items // 2, lease=1)
    job = large.check(deployment, job_id, items, whole=False)
    assert (job.state, (job.error or {})["code"]) == ("running", "database_full")
    assert not job.count("failed")

    deployment.carry_out(job_id, batch_size=items // 2)
    large.check(deployment, job_id, items)


def test_while_redis_is_lost_each_goes_on(environ: dict[str, str]) -> None:
    with new_deployment(environ) as deployment:
        with private_redis(deployment.folder):
            begun = [(large, large.begin(deployment, ITEMS)[1]) for large in LARGE]
        for large, job_id in begun:
            assert deployment.carry_out(job_id, batch_size=20) == "done"
            large.check(deployment, job_id, ITEMS)


@pytest.mark.parametrize("name", SHRINKING)
def test_sigterm_hands_it_over_and_a_cancelled_one_keeps_the_rest(name: str, deployment: Deployment) -> None:
    (large,) = (large for large in LARGE if large.name == name)
    items = 10 * ITEMS
    _, job_id = large.begin(deployment, items)
    with deployment.worker(TIME_SCALE=PATIENT) as worker:
        wait_until(lambda: worker.child("bulk"))
        deployment.wait_for_the_middle(job_id)
        worker.stop()
    job = large.check(deployment, job_id, items, whole=False)
    assert (job.state, job.error) == ("running", None)

    def stop_it() -> None:
        with deployment.writing() as session:
            cancel(session, deployment.lock, job_id, by=None)

    assert deployment.carry_out(job_id, after_each_batch=stop_it) == "cancelled"
    stopped = large.check(deployment, job_id, items, whole=False)
    assert job.processed < stopped.processed < items
