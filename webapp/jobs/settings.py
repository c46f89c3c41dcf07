"""How fast a job goes, and how long its runner may be silent."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

LONGEST_REST = 1.0
LEAST_REST_SECONDS = {"postgresql": 0.0, "sqlite": 0.025}


@dataclass(frozen=True)
class Rest:
    """The rest after each batch, in seconds: as long as the batch took, but at least `least` and at most a
    second.

    SQLite has one writer at a time and no queue of waiting ones: a writer that finds the lock taken asks
    again every 20 ms at the latest and gives up after 5 seconds (webapp/database.py). So the lock must be
    free half of the time. On PostgreSQL writers wait in a queue, and `least` is 0: no rest.
    """

    least: float = 0.0

    @classmethod
    def on(cls, dialect: str) -> "Rest":
        """The rest that the database called `dialect` needs."""
        return cls(LEAST_REST_SECONDS[dialect])

    def after(self, worked: float) -> float:
        """How long to rest after a batch of `worked` seconds."""
        return min(max(self.least, worked), LONGEST_REST) if self.least else 0.0

    @contextmanager
    def following(self) -> Iterator[None]:
        """Do one batch inside, and rest after it."""
        began = time.monotonic()
        yield
        time.sleep(self.after(time.monotonic() - began))


@dataclass(frozen=True)
class BatchSettings:
    """Times in seconds.

    `size` replaces the kinds' own batch sizes. After `turn` a runner gives way to a job of another workspace
    that has waited for longer than `patience`.
    """

    lease: float
    size: int | None = None
    rest: Rest = Rest()
    turn: float = 5.0
    patience: float = 1.0

    def size_for(self, batch_sizes: Mapping[str, int], dialect: str) -> int:
        """How many items a batch of a kind with these sizes takes."""
        return self.size or batch_sizes[dialect]
