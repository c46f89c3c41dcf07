"""A fixed time, for both clocks or for one of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import time_machine
from sqlalchemy import Engine, event


@contextmanager
def fixed_clock(moment: datetime) -> Iterator[None]:
    """Both clocks show `moment`, and no time passes."""
    with host_clock(moment), database_clock(moment):
        yield


def host_clock(moment: datetime) -> time_machine.travel:
    """This host's clock shows `moment`."""
    return time_machine.travel(moment, tick=False)


@contextmanager
def database_clock(moment: datetime) -> Iterator[None]:
    """PostgreSQL's clock shows `moment` for all connections of this process. SQLite has no clock of its
    own."""

    def tell(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        return statement.replace("clock_timestamp()", f"timestamptz '{moment.isoformat()}'"), parameters

    event.listen(Engine, "before_cursor_execute", tell, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", tell)
