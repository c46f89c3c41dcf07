"""The end of a trial, which comes in every case."""

from collections.abc import Callable
from time import monotonic

from tests.support.processes import wait_until


class TimeIsUp(Exception):
    """The trial has not come to its end in time. It says nothing about what was tried."""


class Deadline:
    """So many minutes from now."""

    def __init__(self, minutes: float) -> None:
        self.minutes = minutes
        self._end = monotonic() + minutes * 60

    @property
    def left(self) -> float:
        """Seconds. Raises TimeIsUp when there are none."""
        left = self._end - monotonic()
        if left <= 0:
            raise TimeIsUp(f"{self.minutes:g} minutes were not enough")
        return left

    def wait_until(self, what: Callable[[], object]) -> None:
        """Wait until `what` returns something true. Raises TimeIsUp."""
        try:
            wait_until(what, seconds=self.left)
        except AssertionError:
            raise TimeIsUp(f"{self.minutes:g} minutes were not enough") from None
