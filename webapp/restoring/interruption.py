"""What interrupted a restore, in a sentence for its page and for `flask restore status`."""

import sqlite3

from psycopg.errors import DiskFull
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

# Locked, deadlocked, out of time, full, restarted or away: the database's doing, and never a contact's. A
# transaction that the server ended because its process had stopped for too long comes as InternalError.
DATABASE_TROUBLE = (OperationalError, InterfaceError, InternalError)
# What the column holds.
LONGEST = 300
WORKER_DIED = "The process that carried it out died"


def told(error: Exception) -> str:
    """The sentence for `error`. Of the database's own words the first line: those after it hold data."""
    if not isinstance(error, DATABASE_TROUBLE):
        return f"Something unexpected happened: {type(error).__name__}."
    what = "The database has no room left" if is_full(error) else "The database could not be written to"
    return f"{what}: {str(error.orig).partition(chr(10))[0]}"[: LONGEST - 1].rstrip(".") + "."


def is_full(error: DBAPIError) -> bool:
    """Whether the database has no room left on its disk."""
    why = error.orig
    if isinstance(why, sqlite3.OperationalError):
        return why.sqlite_errorcode == sqlite3.SQLITE_FULL
    return isinstance(why, DiskFull)
