"""Another time, for everybody or for one of the two clocks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import time_machine
from sqlalchemy import Engine, event


@contextmanager
def fixed_clock(moment: datetime) -> Iterator[None]:
    """Meanwhile it is `moment` everywhere, and no time passes."""
    with host_clock(moment), database_clock(moment):
        yield


def host_clock(moment: datetime) -> time_machine.travel:
    """Meanwhile this host's clock stands at `moment`, be it right or wrong."""
    return time_machine.travel(moment, tick=False)


@contextmanager
def database_clock(moment: datetime) -> Iterator[None]:
    """Meanwhile this is what PostgreSQL says, whoever in this process asks. SQLite has no own clock."""

    def tell(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        return statement.replace("clock_timestamp()", f"timestamptz '{moment.isoformat()}'"), parameters

    event.listen(Engine, "before_cursor_execute", tell, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", tell)
