"""What RQ calls: load by id, call the domain. The app is the worker's, made once before it forks."""

import os

from webapp.extensions import db
from webapp.jobs.runner import runner_name
from webapp.jobs.services import services
from webapp.jobs.shutdown import shutting_down
from webapp.marketing.due import work_off
from webapp.restoring.run import RELEASED, carry_out


def restore(job_id: int) -> str:
    """Carry restore job `job_id` out; if this process is told to go, hand it back and ring for the next."""
    s = services()
    ending = carry_out(
        db.session(),
        s.lease,
        job_id,
        pace=s.pace,
        runner=runner_name(os.getpid()),
        should_stop=shutting_down,
    )
    if ending == RELEASED:
        s.doorbell.ring(job_id)
    return ending


def work() -> int:
    """Work off the automations and campaigns that are due; what is left when this process is told to go is
    rung for again, at the latest by the supervisor."""
    s = services()
    return work_off(db.session(), rest_seconds=s.pace.rest_seconds, should_stop=shutting_down)
