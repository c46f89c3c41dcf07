"""What writes in a thread of its own, and has to wait for the transaction that the test holds."""

from collections.abc import Callable
from concurrent.futures import Executor
from threading import Event
from typing import Generic, TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.support.processes import wait_until

Result = TypeVar("Result")


class SecondWriter(Generic[Result]):
    """Begins at once. `act` gets a session of its own."""

    def __init__(self, threads: Executor, engine: Engine, act: Callable[[Session], Result]) -> None:
        self._engine, self._act, self._began = engine, act, Event()
        self._told = threads.submit(self._run)

    def check_that_it_waits(self, session: Session) -> None:
        """Fails if it ends while the transaction of `session` is open."""
        assert self._began.wait(20)
        wait_until(lambda: self._told.done() or self._is_blocked_by(session))
        assert not self._told.done(), "it does not wait"

    def result(self) -> Result:
        """What `act` has returned. Raises what it has raised."""
        return self._told.result(20)

    def _run(self) -> Result:
        with Session(self._engine) as session:
            self._began.set()
            return self._act(session)

    def _is_blocked_by(self, session: Session) -> bool:
        """On SQLite the writing transaction itself is the lock."""
        if self._engine.dialect.name == "sqlite":
            return True
        waits = "NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        return bool(session.scalar(text(f"SELECT count(*) FROM pg_locks WHERE {waits}")))
