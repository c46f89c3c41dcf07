"""Gates: how many requests of a process may do something costly at once, and how many wait for their turn.

More than that are refused: a queue would keep the process's threads from other pages.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TooBusy(Exception):
    """So many are at it that this one is not begun. It is a matter of seconds."""


class Gate:
    """Lets `at_once` requests in and `waiting` more wait, each for `patience` seconds at most."""

    def __init__(self, *, at_once: int, waiting: int, patience: float) -> None:
        self.patience = patience
        self._running = threading.BoundedSemaphore(at_once)
        self._inside = threading.BoundedSemaphore(at_once + waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Do what is costly inside. Raises TooBusy."""
        if not self._inside.acquire(blocking=False):
            raise TooBusy
        try:
            if not self._running.acquire(timeout=self.patience):
                raise TooBusy
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._inside.release()
