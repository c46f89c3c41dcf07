"""How fast a restore job goes."""

from dataclasses import dataclass

LONGEST_REST = 1.0


@dataclass(frozen=True)
class Pace:
    """How a job is walked: the lease in seconds, contacts a batch, the least seconds of rest between batches.

    On SQLite a rest is needed, because one writes at a time and nobody stands in a queue: whoever finds the
    lock taken asks again every 20 ms at the latest, and gives up after 5 seconds (webapp/database.py).
    """

    lease_seconds: float
    batch_size: int
    rest_seconds: float = 0.0

    def rest_after(self, worked: float) -> float:
        """How long to rest after a batch that took `worked` seconds: as long again, so that the lock is free
        half of the time, also on a machine that is slow at the moment; but not long after a standstill."""
        return min(max(self.rest_seconds, worked), LONGEST_REST) if self.rest_seconds else 0.0
