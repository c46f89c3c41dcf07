"""Asking for a restore: a confirmed scope becomes the workspace's one restore job, or the next in line."""

from sqlalchemy.orm import Session

from webapp.jobs import line
from webapp.jobs import start as jobs
from webapp.jobs.lock import Lock
from webapp.jobs.start import Ring
from webapp.jobs.work import Order
from webapp.models import Job
from webapp.restoring.scope import Scope
from webapp.restoring.work import RESTORE


def order(scope: Scope, requested_by: int | None = None) -> Order:
    """What the user `requested_by` confirmed, as an order."""
    return Order(
        workspace_id=scope.workspace_id,
        requested_by=requested_by,
        key=scope.key,
        request=scope.to_dict(),
        total=scope.expected,
    )


def start(session: Session, lock: Lock, ring: Ring, *, scope: Scope, requested_by: int | None) -> Job:
    """Make `scope` a restore job of the user `requested_by`, or of the operator, and ring a worker for it.

    Asked again with the same scope it returns the same job. Raises a NotStarted otherwise
    (`webapp.jobs.start`, `webapp.restoring.work`); then nothing was changed.
    """
    return jobs.start(session, lock, ring, RESTORE, order(scope, requested_by))


def line_up(session: Session, lock: Lock, ring: Ring, *, scope: Scope, requested_by: int) -> Job:
    """The same, in line behind the restore that is active; at once where none is active any more.

    Raises PlaceTaken (`webapp.jobs.line`) where another restore is in line.
    """
    return line.line_up(session, lock, ring, RESTORE, order(scope, requested_by))


def already_started(session: Session, scope: Scope) -> Job | None:
    """The job that this confirmation has become, if it has."""
    return jobs.already_started(session, RESTORE, order(scope))
