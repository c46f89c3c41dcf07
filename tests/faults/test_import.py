"""An import by real workers that are killed and stopped: each record is imported once."""

import os
import random
import signal
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.faults.large import begin_import
from tests.support.deployment import Deployment
from tests.support.processes import wait_until
from webapp.importing.work import IMPORT
from webapp.models import Contact, ContactTag, ImportLine, StoredFile, Subscription, live
from webapp.models.job import JobState

# Such a worker has a lease of 300 seconds, and `wait_until` waits for 60: no test of one waits for a lease.
PATIENT = "0.1"


def check(deployment: Deployment, world: World, job_id: int, rows: int) -> None:
    """All came in once, and the file is gone."""
    wait_until(lambda: deployment.job(job_id).has_ended)
    job, bad = deployment.job(job_id), (rows - 1) // 10 + 1
    assert (job.state, job.counts) == (JobState.DONE, {"added": rows - bad, "rejected": bad})
    with Session(deployment.engine) as session:
        contacts = select(Contact.id).where(live(world.id))
        assert len(session.scalars(contacts).all()) == rows - bad
        for table in (ContactTag, Subscription):
            of_them = select(func.count()).select_from(table).where(table.contact_id.in_(contacts))
            assert session.scalar(of_them) == rows - bad
        lines = session.scalars(select(ImportLine.line).where(ImportLine.job_id == job_id)).all()
        assert sorted(lines) == list(range(2, rows + 2))
        assert session.scalars(select(StoredFile).where(StoredFile.workspace_id == world.id)).all() == []
    assert sum(batch.items for batch in deployment.history(job_id)) == rows


def test_a_horse_that_is_killed_twenty_times_imports_each_row_once(deployment: Deployment) -> None:
    rows, kills = 600, 20
    chance = random.Random(10)
    with deployment.worker(BATCH_SIZE="5", TIME_SCALE=PATIENT) as worker:
        wait_until(lambda: worker.child(IMPORT.queue))
        world, job_id = begin_import(deployment, rows)

        def has_processed(count: float) -> bool:
            return deployment.job(job_id).processed >= count

        def is_claimed_again(fence: int) -> bool:
            return deployment.job(job_id).fence > fence

        for kill in range(kills):
            # Somewhere in the next twentieth, so that the kills are spread over the file.
            wait_until(partial(has_processed, (kill + chance.random()) * rows / (kills + 1)))
            os.kill(worker.wait_for_a_horse(IMPORT.queue), signal.SIGKILL)
            wait_until(partial(is_claimed_again, kill + 1))
        check(deployment, world, job_id, rows)

    job = deployment.job(job_id)
    assert (job.fence, job.error) == (kills + 1, {"code": "worker_died", "signal": 9})


def test_a_worker_that_is_told_to_stop_hands_its_import_over(deployment: Deployment) -> None:
    rows = 200
    with deployment.worker(BATCH_SIZE="5") as worker:
        wait_until(lambda: worker.child(IMPORT.queue))
        world, job_id = begin_import(deployment, rows)
        wait_until(lambda: deployment.job(job_id).processed > 0)
    job = deployment.job(job_id)
    assert not job.has_ended
    assert job.error is None
    assert 0 < job.processed < rows

    with deployment.worker():
        check(deployment, world, job_id, rows)
