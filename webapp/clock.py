"""The clock. An action reads it once, after taking its lock, and passes the time on as a value."""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, DateTime, func, literal, select
from sqlalchemy.orm import Session


def read_clock(session: Session) -> datetime:
    """The time in UTC: PostgreSQL's own, so that several hosts agree; on SQLite the host's."""
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(select(clock_column(session))).scalar_one().astimezone(UTC)
    return datetime.now(UTC)


def clock_column(session: Session) -> ColumnElement[datetime]:
    """The same time, as a column of a statement that reads other things, too."""
    if session.get_bind().dialect.name == "postgresql":
        return func.clock_timestamp(type_=DateTime(timezone=True))
    return literal(datetime.now(UTC), DateTime(timezone=True))
