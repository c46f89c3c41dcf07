"""Jobs that are started by the clock: purges."""

from contextlib import suppress

from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.jobs.work import NotStarted
from webapp.purging.expired import workspaces_to_purge
from webapp.purging.work import start_by_the_clock
from webapp.worker.services import services


def start_purges(session: Session) -> list[int]:
    """Start a purge in each workspace where there is something to purge, at most one an hour; returns the
    ids of their jobs. Looking is a read.

    Raises what the database raises, and LockUnavailable.
    """
    s, now, started = services(), read_clock(session), []
    for workspace_id in workspaces_to_purge(session, now):
        with suppress(NotStarted):
            started.append(start_by_the_clock(session, s.lock, s.doorbell.ring, workspace_id, now).id)
    session.rollback()
    return started
