"""Loading a million contacts: by the demo, and from a file."""

import csv
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.figures import Figure, at_most, without_goal
from benchmarks.stage import Databases, stage
from tests.support.processes import CHECKOUT

DEMO_SECONDS = 300
MEMORY_MB = 50
HEADER = ("Email", "First Name", "Last Name", "Phone", "Account", "Tags", "Lists")


def measure(made: Databases, contacts: int, *, timed: bool) -> Iterator[Figure]:
    """How long `flask demo` and `flask contacts import` take for so many contacts, and what memory."""
    with made.empty() as url, stage(url) as here, TemporaryDirectory(prefix="restore-bench-") as folder:
        run(here.environ, "db", "upgrade")
        seconds, _ = run(here.environ, "demo", "--contacts", str(contacts), "--deleted", str(contacts))
        what = f"flask demo with {contacts:,} live and {contacts:,} deleted ones"
        yield at_most(what, seconds, DEMO_SECONDS, "s") if timed else without_goal(what, seconds, "s")

        file = Path(folder) / "contacts.csv"
        write_file(file, contacts)
        seconds, memory = run(here.environ, "contacts", "import", str(file))
        yield without_goal("flask contacts import, rows a second", contacts / seconds)
        early, late = memory[len(memory) // 10], max(memory)
        yield without_goal("Its memory after a tenth of the time", early / 1e6, "MB")
        yield at_most("and how much it has grown since", (late - early) / 1e6, MEMORY_MB, "MB")


def run(environ: dict[str, str], *command: str, niceness: int = 0) -> tuple[float, list[int]]:
    """How many seconds the command took, and its resident memory from time to time."""
    begun, memory = time.monotonic(), []
    process = subprocess.Popen(
        ["nice", "-n", str(niceness), sys.executable, "-m", "flask", "--app", "webapp", *command],
        cwd=CHECKOUT,
        env=os.environ | environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    looked_at = psutil.Process(process.pid)
    while True:
        try:
            _, said = process.communicate(timeout=0.2)
            break
        except subprocess.TimeoutExpired:
            memory.append(looked_at.memory_info().rss)
    assert process.returncode == 0, said.decode()[-2000:]
    return time.monotonic() - begun, memory or [0]


def write_file(path: Path, contacts: int) -> None:
    """A file of so many contacts with unused addresses."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for number in range(contacts):
            account, tag = f"Firm {number % 1000}", f"Tag {number % 5}"
            rows.writerow(
                (f"file{number}@example.org", "Ann", f"Number {number}", "", account, tag, "Newsletter")
            )
