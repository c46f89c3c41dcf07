"""What interrupted a job, as a code with parameters. `webapp.words.jobs` makes the sentences."""

import sqlite3
from typing import Any

from psycopg.errors import DiskFull
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

# Locked, deadlocked, out of time, full, restarted or away: the database's doing, and never an item's.
# PostgreSQL reports as InternalError that it has ended a transaction whose process had stopped for too long.
DATABASE_TROUBLE = (OperationalError, InterfaceError, InternalError)

WORKER_DIED = "worker_died"
DATABASE_FULL = "database_full"
DATABASE_UNWRITABLE = "database_unwritable"
UNEXPECTED = "unexpected"
LONGEST_DETAIL = 200


def describe_error(error: Exception) -> dict[str, Any]:
    """The code for `error`. Of the database's own message it keeps the first line: the others hold data."""
    if not isinstance(error, DATABASE_TROUBLE):
        return {"code": UNEXPECTED, "type": type(error).__name__}
    detail = str(error.orig).partition("\n")[0][:LONGEST_DETAIL]
    return {"code": DATABASE_FULL if is_full(error) else DATABASE_UNWRITABLE, "detail": detail}


def is_full(error: DBAPIError) -> bool:
    """Whether the database has no room left on its disk."""
    cause = error.orig
    if isinstance(cause, sqlite3.OperationalError):
        return cause.sqlite_errorcode == sqlite3.SQLITE_FULL
    return isinstance(cause, DiskFull)
