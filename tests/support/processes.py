"""The worker as the operator runs it: processes of its own, watched and ended by their ids."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil

ROOT = Path(__file__).parent.parent.parent
T = TypeVar("T")


def eventually(ask: Callable[[], T], *, within: float, what: str) -> T:
    """What `ask` answers as soon as that is true. Raises AssertionError after `within` seconds."""
    give_up = time.monotonic() + within
    while time.monotonic() < give_up:
        if answer := ask():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {within} s: {what}")


class WorkerProcess:
    """`python worker.py` with everything that it has started."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.tree = psutil.Process(process.pid)

    def children(self) -> list[psutil.Process]:
        """The RQ worker processes, one for each queue."""
        return [child for child in self.tree.children() if child.status() != psutil.STATUS_ZOMBIE]

    def horses(self) -> list[psutil.Process]:
        """The processes that RQ has forked to carry jobs out."""
        found = []
        for child in self.children():
            found += [horse for horse in child.children() if horse.status() != psutil.STATUS_ZOMBIE]
        return found

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def worker_process(environ: dict[str, str]) -> Iterator[WorkerProcess]:
    """A worker in `environ`; whatever of it is left at the end is killed."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "worker.py")],
        cwd=ROOT,
        env={**os.environ, **environ},
        stderr=subprocess.DEVNULL,
    )
    worker = WorkerProcess(process)
    try:
        yield worker
    finally:
        left = [worker.tree, *worker.tree.children(recursive=True)] if process.poll() is None else []
        for one in left:
            one.kill()
        process.wait(10)
