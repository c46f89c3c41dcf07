"""Real worker processes: started as by an operator, inspected and ended by their pid."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.warm import Forked
from tests.support.warm import start as warm_start

CHECKOUT = Path(__file__).parent.parent.parent
# How long to wait for an event: a bound for a busy machine, not a goal.
PATIENCE = 60.0


def wait_until(what: Callable[[], object], *, seconds: float = PATIENCE) -> None:
    """Wait until `what` returns something true. Raises AssertionError if it never does."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"still not so after {seconds} seconds"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """The running children of `pid`, none of which has begun a session of its own."""
    found = []
    with suppress(ProcessLookupError):
        for other in session(os.getsid(pid)):
            # A process may end while it is read.
            with suppress(psutil.Error):
                if psutil.Process(other).ppid() == pid and is_running(other):
                    found.append(other)
    return found


def session(leader: int) -> list[int]:
    """All processes of the session that `leader` has begun, whether or not it still runs."""
    found = []
    for pid in psutil.pids():
        with suppress(OSError):
            if os.getsid(pid) == leader:
                found.append(pid)
    return found


def name_of(pid: int) -> str:
    """The name that the process has given itself; none of a process that has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def is_running(pid: int) -> bool:
    return status_of(pid) not in (None, psutil.STATUS_ZOMBIE)


def is_stopped(pid: int) -> bool:
    """Whether the process is stopped by SIGSTOP."""
    return bool(status_of(pid) == psutil.STATUS_STOPPED)


def status_of(pid: int) -> str | None:
    """The status in psutil's words; None if there is no such process."""
    with suppress(psutil.NoSuchProcess):
        status: str = psutil.Process(pid).status()
        return status
    return None


@dataclass
class WorkerProcess:
    """A running `worker.py` with its children, and its log."""

    process: subprocess.Popen[bytes] | Forked
    log: Path

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def of_queue(self, queue: str) -> list[int]:
        """The worker processes of `queue` that run at the moment; RESTORE_WORKERS says how many there are."""
        return [pid for pid in children(self.process.pid) if name_of(pid) == f"worker {queue}"]

    def child(self, queue: str) -> int | None:
        """A worker process of `queue`, if one runs at the moment."""
        return next(iter(self.of_queue(queue)), None)

    def horses(self, *queues: str) -> list[int]:
        """The processes that carry a job of these queues out at the moment; by default of any."""
        of = queues or ("restore", "bulk")
        return [horse for queue in of for pid in self.of_queue(queue) for horse in children(pid)]

    def horse(self, *queues: str) -> int | None:
        """One of them."""
        return next(iter(self.horses(*queues)), None)

    @contextmanager
    def held_back(self, queue: str) -> Iterator[None]:
        """Keep the worker processes of `queue` stopped inside the block."""
        pids = self.of_queue(queue)
        assert pids
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def wait_for_a_horse(self, *queues: str) -> int:
        """The process that carries a job of these queues out, as soon as there is one."""
        return self._wait_for(lambda: self.horse(*queues))

    def wait_for_a_stopped_horse(self, *queues: str) -> int:
        """As above, as soon as the process has been stopped (an `Accident.STOP`)."""
        return self._wait_for(lambda: next(filter(is_stopped, self.horses(*queues)), None))

    def _wait_for(self, find: Callable[[], int | None]) -> int:
        found: list[int] = []

        def is_found() -> bool:
            found[:] = [pid] if (pid := find()) else []
            return bool(found)

        wait_until(is_found)
        return found[0]

    def everything(self) -> list[int]:
        family = [self.process.pid]
        for pid in family:
            family += children(pid)
        return family

    def stop(self) -> int:
        """Send SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


def start_cold(script: str, environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """`python script`, as an operator starts it."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, script],
            cwd=CHECKOUT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


@contextmanager
def worker_process(
    environ: dict[str, str], log: Path, *, script: str = "worker.py", warm: bool = False
) -> Iterator[WorkerProcess]:
    """`worker.py` under `environ`, in a session of its own; it and its children are ended afterwards in any
    case. The module `warm` explains `warm`."""
    environ = os.environ | environ
    started = warm_start(script, environ, log) if warm else start_cold(script, environ, log)
    worker = WorkerProcess(started, log)
    try:
        yield worker
    finally:
        if worker.is_alive:
            worker.stop()
        for pid in session(worker.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
