"""Faults while all contacts are deleted: each goes once, into one deletion, which is complete at the end."""

import os
import random
import signal
from contextlib import suppress
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.faults.large import begin_delete
from tests.support.deployment import Deployment
from tests.support.processes import WorkerProcess, is_running, wait_until
from webapp.contacts.delete_work import DELETE
from webapp.models import Contact, Deal, DealContact, Deletion

MANY = 400
# Such a worker has a lease of 300 seconds, and `wait_until` waits for 60: no test of one waits for a lease.
PATIENT = "0.1"


def ready(worker: WorkerProcess) -> None:
    """Wait for the process that reads the queue."""
    wait_until(lambda: worker.child(DELETE.queue))


def check_that_all_went_once(deployment: Deployment, world: World, job_id: int, contacts: int) -> None:
    job = deployment.wait_for_the_end(job_id)
    assert (job.state, job.counts) == ("done", {"deleted": contacts})
    assert sum(batch.items for batch in deployment.history(job_id)) == contacts
    with Session(deployment.engine) as session:
        [deletion] = session.scalars(select(Deletion).where(Deletion.workspace_id == world.id)).all()
        assert (deletion.number, deletion.contact_count, deletion.in_bin) == (1, contacts, contacts)
        assert deletion.completed_at == job.finished_at
        of_it = Contact.deletion_id == deletion.id, Contact.deleted_at == deletion.created_at
        gone = select(func.count()).where(*of_it, Contact.version == 2)
        assert session.scalar(gone) == contacts
        deals = select(func.count()).where(Deal.deleted_by_deletion_id == deletion.id)
        assert session.scalar(deals) == 10
        left = select(func.count()).where(
            DealContact.deal_id.in_(select(Deal.id).where(Deal.workspace_id == world.id)),
            DealContact.detached_at.is_(None),
        )
        assert session.scalar(left) == 0


def test_killed_twenty_times_it_deletes_each_contact_once(deployment: Deployment) -> None:
    kills, chance = 20, random.Random(28)
    with deployment.worker(TIME_SCALE=PATIENT) as worker:
        ready(worker)
        world, job_id = begin_delete(deployment, MANY)

        def has_processed(contacts: float) -> bool:
            return deployment.job(job_id).processed >= contacts

        def is_claimed_again(fence: int) -> bool:
            return deployment.job(job_id).fence > fence

        for kill in range(kills):
            # Somewhere in the next twentieth, so that the kills are spread over the walk.
            wait_until(partial(has_processed, (kill + chance.random()) * MANY / (kills + 1)))
            os.kill(worker.wait_for_a_horse(DELETE.queue), signal.SIGKILL)
            wait_until(partial(is_claimed_again, kill + 1))
        check_that_all_went_once(deployment, world, job_id, MANY)
    assert deployment.job(job_id).fence == kills + 1


def test_sigterm_hands_it_over_to_another_worker(deployment: Deployment) -> None:
    with deployment.worker(TIME_SCALE=PATIENT) as leaving:
        ready(leaving)
        world, job_id = begin_delete(deployment, MANY)
        deployment.wait_for_the_middle(job_id)
        family = leaving.everything()
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not any(is_running(pid) for pid in family))
        # Under way: what it has taken is not complete.
        with Session(deployment.engine) as session:
            [number] = session.scalars(select(Deletion.number).where(Deletion.workspace_id == world.id))
            assert number is None
    with deployment.worker(TIME_SCALE=PATIENT):
        check_that_all_went_once(deployment, world, job_id, MANY)
