"""What RQ calls: load by id, call the domain. The app is the worker's, made once before it forks."""

import os
import sys

from webapp.contacts.mend import mend
from webapp.extensions import db
from webapp.jobs.run import RELEASED, carry_out
from webapp.marketing.due import process_due
from webapp.models import Job
from webapp.models.job import ENDED
from webapp.worker.kinds import KINDS
from webapp.worker.ringing import ring_for_stalled
from webapp.worker.runner import runner_name
from webapp.worker.services import services
from webapp.worker.shutdown import shutting_down


def carry_out_job(job_id: int) -> str:
    """Carry job `job_id` out. If it is released, because this process is told to go or another workspace's
    job waits, ring for it again. If it has ended, ring for the job that was in line behind it, and for the
    runs that it has begun.
    """
    s, session = services(), db.session()
    ending = carry_out(
        session,
        s.lock,
        KINDS,
        job_id,
        settings=s.batches,
        runner=runner_name(os.getpid()),
        should_stop=shutting_down,
    )
    if ending == RELEASED:
        s.doorbell.ring(session.get_one(Job, job_id).kind, job_id)
    elif ending in ENDED:
        job = session.get_one(Job, job_id)
        ring_for_stalled(workspace_id=job.workspace_id)
        if KINDS[job.kind].begins_runs:
            s.doorbell.ring_for_due()
    return ending


def work_off_due() -> int:
    """Work off the automations that are due, then mend what another release has written. The supervisor rings
    for what is left when this process is told to go.
    """
    s, session = services(), db.session()
    done = process_due(session, rest=s.batches.rest, should_stop=shutting_down)
    if done and s.mail.anything_due(session):
        s.doorbell.ring_for_mail()
    return done + mend(session, rest=s.batches.rest, should_stop=shutting_down)


def send_mail() -> int:
    """Send the messages that are due. The supervisor rings for what is left, and when a pause is over."""
    s = services()
    return s.mail.send(db.session(), rest=s.batches.rest, should_stop=shutting_down)


# What messages of the release before call, which may still lie in the queues.
restore, work = carry_out_job, work_off_due
sys.modules["webapp.jobs.tasks"] = sys.modules[__name__]
