"""Carrying a job out in the process of a command, with a progress bar. The job is the same as a worker's: if
this process dies, a worker goes on with it.
"""

import os

import click

from webapp.cli.database import readable
from webapp.cli.progress import progress
from webapp.extensions import db
from webapp.jobs.claim import release_dead
from webapp.jobs.interruption import UNEXPECTED
from webapp.jobs.run import LOST_LEASE, NOTHING_TO_DO, RELEASED, carry_out
from webapp.models import Job
from webapp.models.job import JobState
from webapp.words.jobs import sentence_of
from webapp.words.kinds import title
from webapp.worker.kinds import KINDS
from webapp.worker.runner import runner_name
from webapp.worker.services import services

# With fewer items a job takes too little time for a progress bar.
WORTH_A_BAR = 2_000


def not_ringing(_kind: str, _job_id: int) -> None:
    """Rings no worker: this process carries the job out itself."""


def carry_out_here(job_id: int) -> Job:
    """Carry the job out to its end and return it, done or cancelled.

    Raises ClickException if it failed, or if a worker has it. Ctrl-C hands it over to a worker.
    """
    s, session, runner = services(), db.session(), runner_name(os.getpid())
    job = session.get_one(Job, job_id)
    name, total = title(job), job.total or 0
    try:
        with progress(name, total, is_long=total > WORTH_A_BAR) as bar:

            def between_batches() -> bool:
                bar.update(min(total, session.get_one(Job, job_id).processed))
                return False

            ending = RELEASED
            # It is released where a job of another workspace waits for its turn.
            while ending == RELEASED:
                ending = carry_out(
                    session,
                    s.lock,
                    KINDS,
                    job_id,
                    settings=s.batches,
                    runner=runner,
                    should_stop=between_batches,
                )
            between_batches()
    except KeyboardInterrupt:
        session.rollback()
        note = {"code": UNEXPECTED, "type": KeyboardInterrupt.__name__}
        if kind := release_dead(session, job_id, runner=runner, error=note):
            s.doorbell.ring(kind, job_id)
        raise click.ClickException(f"{name} goes on in a worker.") from None
    job = session.get_one(Job, job_id, populate_existing=True)
    if ending in (LOST_LEASE, NOTHING_TO_DO) and not job.has_ended:
        raise click.ClickException(f"A worker carries {name} out.")
    if job.state == JobState.FAILED:
        raise click.ClickException(readable(sentence_of(job.reason, {}) or f"{name} has failed."))
    return job
