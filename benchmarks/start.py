"""How soon the web answers after its start, and what an idle worker takes."""

import time
from collections.abc import Iterator
from http.client import HTTPConnection
from statistics import median

import psutil

from benchmarks.figures import Figure, at_most, without_goal
from benchmarks.stage import Databases, Stage, stage
from tests.support.processes import wait_until

STARTS = 3
# A worker that has just started does what it does once.
SETTLE_SECONDS, IDLE_SECONDS = 5.0, 20.0


def measure(made: Databases, url: str) -> Iterator[Figure]:
    """Figures of the processes of a deployment on a copy of the database at `url`."""
    with made.copy(url) as copy, stage(copy) as here:
        yield at_most("The web answers after", median(_answers_after(here) for _ in range(STARTS)), 1, "s")
        with here.worker() as worker:
            wait_until(lambda: worker.child("restore"))
            time.sleep(SETTLE_SECONDS)
            processes = [psutil.Process(worker.process.pid)]
            processes += processes[0].children(recursive=True)
            before = _cpu_seconds(processes)
            time.sleep(IDLE_SECONDS)
            used = _cpu_seconds(processes) - before
            shared = sum(process.memory_full_info().pss for process in processes)
        yield without_goal("Processes of a worker", len(processes))
        yield at_most("Memory of an idle worker, what is shared counted once", shared / 1e6, 160, "MB")
        yield at_most("CPU of an idle worker, a minute", used * 60 / IDLE_SECONDS, 1, "s")


def _answers_after(here: Stage) -> float:
    """Seconds from the start of the web's processes to the first answer."""
    begun = time.monotonic()
    with here.web() as web:
        # It listens before its processes are ready; the request waits for them.
        connection = HTTPConnection("127.0.0.1", web.port, timeout=30)
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        status = connection.getresponse().status
        seconds = time.monotonic() - begun
        connection.close()
    if status != 200:
        raise RuntimeError(f"/healthz answers {status}")
    return seconds


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)
