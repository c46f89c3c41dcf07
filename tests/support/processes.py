"""Real worker processes: started as by an operator, inspected through /proc, ended by their pid."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

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
    """The running children of `pid`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        # A process may end while it is read.
        with suppress(OSError):
            # The name is in brackets and may contain anything; state and parent follow.
            state, parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(folder.name))
    return found


def is_running(pid: int) -> bool:
    return state_of(pid) not in (None, "Z")


def is_stopped(pid: int) -> bool:
    """Whether the process is stopped by SIGSTOP."""
    return state_of(pid) == "T"


def state_of(pid: int) -> str | None:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return None


@dataclass
class WorkerProcess:
    """A running `worker.py` with its children."""

    process: subprocess.Popen[bytes]

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def of_queue(self, queue: str) -> list[int]:
        """The worker processes of `queue` that run at the moment; RESTORE_WORKERS says how many there are."""
        found = []
        for pid in children(self.process.pid):
            with suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().endswith(f".py\0{queue}\0".encode()):
                    found.append(pid)
        return found

    def child(self, queue: str) -> int | None:
        """A worker process of `queue`, if one runs at the moment."""
        return next(iter(self.of_queue(queue)), None)

    def horses(self) -> list[int]:
        """The processes that carry a restore out at the moment."""
        return [horse for pid in self.of_queue("restore") for horse in children(pid)]

    def horse(self) -> int | None:
        """A process that carries a restore out at the moment."""
        return next(iter(self.horses()), None)

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

    def wait_for_a_horse(self) -> int:
        """The process that carries a restore out, as soon as there is one."""
        found: list[int] = []

        def read_stat() -> bool:
            found[:] = [horse] if (horse := self.horse()) else []
            return bool(found)

        wait_until(read_stat)
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


@contextmanager
def worker_process(
    environ: dict[str, str], log: Path, *, script: str = "worker.py"
) -> Iterator[WorkerProcess]:
    """`python worker.py` under `environ`; it and its children are ended afterwards in any case."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, script],
            cwd=CHECKOUT,
            env=os.environ | environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    worker = WorkerProcess(process)
    try:
        yield worker
    finally:
        family = worker.everything()
        if worker.is_alive:
            worker.stop()
        for pid in family[1:]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
