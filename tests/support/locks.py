"""The locks that a migration holds on PostgreSQL, after each of its statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

# Weakest first. Each makes writers wait, the last one also readers.
STRONG = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
HELD = """
    SELECT relname, mode FROM pg_locks JOIN pg_class ON pg_class.oid = relation
    WHERE pid = pg_backend_pid() AND granted AND relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


@dataclass
class Step:
    """A statement, and the strongest lock on each table in use that its transaction held after it."""

    statement: str
    held: dict[str, str]
    autocommit: bool


@dataclass
class Transaction:
    """The statements of a transaction, or one that is a transaction of its own."""

    steps: list[Step] = field(default_factory=list)


@contextmanager
def recorded(engine: Engine, in_use: set[str]) -> Iterator[list[Transaction]]:
    """Fill the list, while the block runs, with the transactions on `engine` and their locks on the tables
    that are `in_use`."""
    transactions: list[Transaction] = []

    def begin(_connection: Any) -> None:
        transactions.append(Transaction())

    def record(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        driver = cursor.connection
        held: dict[str, str] = {}
        with driver.cursor() as other:
            for table, mode in other.execute(HELD).fetchall():
                if table in in_use and mode in STRONG:
                    held[table] = max(held.get(table, mode), mode, key=STRONG.index)
        step = Step(" ".join(statement.split()), held, driver.autocommit)
        if driver.autocommit:
            transactions.append(Transaction([step]))
        else:
            transactions[-1].steps.append(step)

    event.listen(engine, "begin", begin)
    event.listen(engine, "after_cursor_execute", record)
    try:
        yield transactions
    finally:
        event.remove(engine, "begin", begin)
        event.remove(engine, "after_cursor_execute", record)
