"""Whether workers run: written by the supervisor in the database, so that it needs no Redis to be read."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import WorkerHeartbeat


def beat(session: Session, queues: Collection[str]) -> None:
    """Note that the workers of `queues` run now."""
    with write_transaction(session):
        now = read_clock(session)
        for queue in sorted(queues):
            session.merge(WorkerHeartbeat(queue=queue, seen_at=now))


def silent_queues(
    session: Session, queues: Collection[str], now: datetime, *, silence: float
) -> dict[str, datetime | None]:
    """Those of `queues` whose workers have not been noted for `silence` seconds, each with the last time."""
    seen = dict(session.execute(select(WorkerHeartbeat.queue, WorkerHeartbeat.seen_at)).all())
    too_old = now - timedelta(seconds=silence)
    return {queue: seen.get(queue) for queue in queues if (seen.get(queue) or too_old) <= too_old}
