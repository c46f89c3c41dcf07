"""The clock. An action reads it once, after taking its lock, and passes the time on as a value."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def read_clock(session: Session) -> datetime:
    """The time in UTC: PostgreSQL's own, so that several hosts agree; on SQLite the host's."""
    if session.get_bind().dialect.name == "postgresql":
        moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)
    return datetime.now(UTC)
