"""`worker.py` whose SQLite database must not grow while a certain file exists."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from sqlalchemy import Connection, Engine, event

import worker

FULL = Path(os.environ["DISK_IS_FULL"])
# SQLite's own limit.
NO_LIMIT = 4_294_967_294


@event.listens_for(Engine, "begin")
def limit(connection: Connection) -> None:
    """Each connection has its own limit, never below the size in use."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA max_page_count={1 if FULL.exists() else NO_LIMIT}")


if __name__ == "__main__":
    worker.main()
