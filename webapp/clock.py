"""The clock. An action reads it once, after taking its lock, and passes the time on as a value."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, func, select
from sqlalchemy.orm import Session

# PostgreSQL's own time, as a column of a statement that reads other things, too.
SERVER_CLOCK = func.clock_timestamp(type_=DateTime(timezone=True))


def read_clock(session: Session) -> datetime:
    """The time in UTC: PostgreSQL's own, so that several hosts agree; on SQLite the host's."""
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(select(SERVER_CLOCK)).scalar_one().astimezone(UTC)
    return datetime.now(UTC)
