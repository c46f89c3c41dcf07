"""Finding jobs whose runner is gone, or whose ring was lost (design section 7, RECONCILE).

Ringing once too often is harmless: the claim and its fence decide who runs.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import RestoreJob
from webapp.models.restore_job import ACTIVE
from webapp.restoring.start import Lease


@dataclass(frozen=True)
class Unheard:
    """A job to ring for, with what a log line says of it."""

    job_id: int
    workspace_id: int
    fence: int


def unheard(session: Session, *, ring_seconds: float, job_id: int | None = None) -> list[Unheard]:
    """The active jobs that nobody runs and that were last rung over `ring_seconds` ago; marks them rung.

    With `job_id`, only that one.
    """
    now = read_clock(session)
    overdue = (
        select(RestoreJob.id, RestoreJob.workspace_id, RestoreJob.fence)
        .where(
            RestoreJob.state.in_(ACTIVE),
            RestoreJob.lease_until < now,
            RestoreJob.rung_at <= now - timedelta(seconds=ring_seconds),
        )
        .order_by(RestoreJob.id)
    )
    if job_id is not None:
        overdue = overdue.where(RestoreJob.id == job_id)
    if not session.execute(overdue).all():
        # Looking is a read; only who has something to do takes the write lock.
        return []
    with write_transaction(session):
        found = [Unheard(*row) for row in session.execute(overdue.with_for_update(skip_locked=True))]
        session.execute(
            update(RestoreJob)
            .where(RestoreJob.id.in_([job.job_id for job in found]))
            .values(rung_at=now)
            .execution_options(synchronize_session=False)
        )
    return found


def keep_keys(session: Session, lease: Lease) -> None:
    """Give each active job its workspace's key for its full time, wherever Redis has lost it.

    Raises LeaseUnavailable.
    """
    holders = active_holders(session)
    for workspace_id, uuid in holders:
        lease.renew(workspace_id, uuid)
    # A job that has ended in between has given its key up already, and must not hold it again.
    session.rollback()
    for workspace_id, uuid in set(holders) - set(active_holders(session)):
        lease.release(workspace_id, uuid)


def active_holders(session: Session) -> list[tuple[int, str]]:
    """Whose key each workspace with an active job should hold."""
    return [
        (workspace_id, uuid)
        for workspace_id, uuid in session.execute(
            select(RestoreJob.workspace_id, RestoreJob.uuid).where(RestoreJob.state.in_(ACTIVE))
        )
    ]
