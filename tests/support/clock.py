"""Time that passes, and clocks that are wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from sqlalchemy import Engine, event


def host_clock(ahead: timedelta) -> time_machine.travel:
    """Meanwhile this host's clock, and nobody else's, is wrong by so much."""
    return time_machine.travel(datetime.now(UTC) + ahead)


@contextmanager
def later(engine: Engine, passed: timedelta) -> Iterator[None]:
    """Meanwhile it is later by so much, on this host and for what PostgreSQL tells `engine`."""

    def tell(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        then = f"(clock_timestamp() + interval '{passed.total_seconds()} seconds')"
        return statement.replace("clock_timestamp()", then), parameters

    event.listen(engine, "before_cursor_execute", tell, retval=True)
    try:
        with host_clock(passed):
            yield
    finally:
        event.remove(engine, "before_cursor_execute", tell)
