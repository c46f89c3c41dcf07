"""What RQ calls: load by id, call the domain. The app is the worker's, made once before it forks."""

from webapp.extensions import db
from webapp.jobs.services import services
from webapp.jobs.shutdown import shutting_down
from webapp.restoring.run import RELEASED, carry_out


def restore(job_id: int) -> str:
    """Carry restore job `job_id` out; if this process is told to go, hand it back and ring for the next."""
    s = services()
    ending = carry_out(db.session(), s.lease, job_id, pace=s.pace, should_stop=shutting_down)
    if ending == RELEASED:
        s.doorbell.ring(job_id)
    return ending
