"""What `worker.py` decides about its processes; it says there why each is what it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkerSettings:
    """Times in seconds; `restore_workers` is a number of processes."""

    # The worker of one queue.
    heartbeat: int
    redis_silence: int
    longest_wait_for_redis: float
    idle_in_transaction: float
    # The supervisor of the workers.
    restore_workers: int
    first_backoff: float
    longest_backoff: float
    steady_after: float
    patience: float
