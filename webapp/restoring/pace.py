"""How fast a restore job goes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """How a job is walked: the lease in seconds, contacts a batch, seconds of rest between batches.

    On SQLite a rest is needed: batches back to back starve the web's writes (two seconds at worst).
    """

    lease_seconds: float
    batch_size: int
    rest_seconds: float = 0.0
