"""CPU time of this process and of the database's server together.

What else the machine does changes how long a measurement takes, and much less how much CPU time.
"""

import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import psycopg


class Cpu:
    """A clock that stands still while nothing is computed. On SQLite the database is in this process."""

    def __init__(self, server: str | None) -> None:
        self._server: psutil.Process | None = None
        if server is not None:
            with psycopg.connect(server) as connection:
                self._server = psutil.Process(psutil.Process(connection.info.backend_pid).ppid())

    def seconds(self) -> float:
        """The time that has been used so far, in seconds."""
        return time.process_time() + self.server_seconds()

    def server_seconds(self) -> float:
        """The server's part of it, with its processes that have ended."""
        if self._server is None:
            return 0.0
        ended = self._ended()
        while True:
            running = sum(map(_used, [self._server, *self._server.children()]))
            # A process that has ended in between, as after each connection, may be in neither number.
            before, ended = ended, self._ended()
            if before == ended:
                return running + ended

    def _ended(self) -> float:
        assert self._server is not None
        used = self._server.cpu_times()
        return float(used.children_user + used.children_system)

    def spent(self, act: Callable[[], object]) -> float:
        """How much time `act` takes, in seconds."""
        begun = self.seconds()
        act()
        return self.seconds() - begun


def _used(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        used = process.cpu_times()
        return float(used.user + used.system)
    return 0.0
