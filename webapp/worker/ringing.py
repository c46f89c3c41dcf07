"""Ringing for jobs without a runner: those just promoted, and those whose ring was lost."""

from webapp.extensions import db
from webapp.jobs.recover import StalledJob, stalled_jobs
from webapp.worker.services import services


def ring_for_stalled(
    *, job_id: int | None = None, workspace_id: int | None = None, even_just_rung: bool = False
) -> list[StalledJob]:
    """Ring for the stalled jobs: for all, for `job_id`, or for those of `workspace_id`; returns them.

    Ringing never fails. Raises what the database raises.
    """
    s = services()
    stalled = stalled_jobs(
        db.session(),
        ring_seconds=0 if even_just_rung else s.ring_seconds,
        job_id=job_id,
        workspace_id=workspace_id,
    )
    for job in stalled:
        s.doorbell.ring(job.kind, job.job_id)
    return stalled
