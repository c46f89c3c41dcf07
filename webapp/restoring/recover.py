"""Finding jobs whose runner is gone, or whose ring was lost (design section 7, RECONCILE).

Ringing once too often is harmless: the claim and its fence decide who runs.
"""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import RestoreJob
from webapp.models.restore_job import ACTIVE, RUNNING


def unheard(session: Session, *, ring_seconds: float, job_id: int | None = None) -> list[int]:
    """The active jobs that nobody runs and that were last rung over `ring_seconds` ago; marks them rung.

    With `job_id`, only that one.
    """
    now = read_clock(session)
    overdue = (
        select(RestoreJob.id)
        .where(
            RestoreJob.state.in_(ACTIVE),
            RestoreJob.lease_until < now,
            RestoreJob.rung_at <= now - timedelta(seconds=ring_seconds),
        )
        .order_by(RestoreJob.id)
    )
    if job_id is not None:
        overdue = overdue.where(RestoreJob.id == job_id)
    if not session.scalars(overdue).all():
        # Looking is a read; only who has something to do takes the write lock.
        return []
    with write_transaction(session):
        found = list(session.scalars(overdue.with_for_update(skip_locked=True)))
        session.execute(
            update(RestoreJob)
            .where(RestoreJob.id.in_(found))
            .values(rung_at=now)
            .execution_options(synchronize_session=False)
        )
    return found


def active_holders(session: Session) -> list[tuple[int, str]]:
    """Whose key each workspace with an active job should hold."""
    return [
        (workspace_id, uuid)
        for workspace_id, uuid in session.execute(
            select(RestoreJob.workspace_id, RestoreJob.uuid).where(RestoreJob.state.in_(ACTIVE))
        )
    ]


def free(session: Session, job_id: int) -> bool:
    """End the lease of a job whose process is known to have died; whether there was one to end."""
    with write_transaction(session):
        now = read_clock(session)
        freed = session.execute(
            update(RestoreJob)
            .where(RestoreJob.id == job_id, RestoreJob.state == RUNNING)
            .values(lease_until=now, rung_at=now)
            .execution_options(synchronize_session=False)
        )
        return bool(freed.rowcount)  # type: ignore[attr-defined]
