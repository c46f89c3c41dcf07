"""A write transaction in a thread, which has to wait for the one that the test holds."""

from collections.abc import Callable
from concurrent.futures import Executor
from threading import Event
from typing import Generic, TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.support.processes import wait_until
from webapp.database import write_transaction

Result = TypeVar("Result")


class SecondWriter(Generic[Result]):
    """Begins at once. `act` gets a session whose write transaction has begun."""

    def __init__(self, threads: Executor, engine: Engine, act: Callable[[Session], Result]) -> None:
        self._engine, self._act = engine, act
        self._began, self._pid = Event(), 0
        self._told = threads.submit(self._run)

    def check_that_it_waits(self, session: Session) -> None:
        """Fails if it ends while the transaction of `session` is open."""
        assert self._began.wait(20)
        wait_until(lambda: self._told.done() or self._is_blocked(session))
        assert not self._told.done(), "it does not wait"

    def result(self) -> Result:
        """What `act` has returned, or raises what it has raised."""
        return self._told.result(20)

    def _run(self) -> Result:
        with Session(self._engine) as session:
            if self._engine.dialect.name == "sqlite":
                self._began.set()
            with write_transaction(session):
                if self._engine.dialect.name == "postgresql":
                    self._pid = session.scalars(text("SELECT pg_backend_pid()")).one()
                    self._began.set()
                return self._act(session)

    def _is_blocked(self, session: Session) -> bool:
        """On SQLite the writing transaction itself is the lock."""
        if self._engine.dialect.name == "sqlite":
            return True
        waits = text("SELECT count(*) FROM pg_locks WHERE pid = :pid AND NOT granted")
        return bool(session.scalar(waits, {"pid": self._pid}))
