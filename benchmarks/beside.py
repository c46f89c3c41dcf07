"""Fifty users of the pages while a large act runs, by its command, which gives way as a worker does."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.figures import Figure, at_most, without_goal
from benchmarks.loading import run, write_file
from benchmarks.purging import move_back
from benchmarks.stage import Databases, stage
from benchmarks.traffic import ENOUGH, IDLE_SECONDS, browse, for_seconds, p95, signed_in, warm
from tests.factories.people import World
from webapp.worker.rq_worker import NICENESS

# Of the 95th percentile while idle.
MOST = 2
# In the file that is imported.
ROWS = 50_000


def measure(made: Databases, url: str, world: World) -> Iterator[Figure]:
    """The 95th percentile of the pages beside each act, on a copy of the database at `url`."""
    with made.copy(url) as copy, stage(copy) as here, here.web() as web, TemporaryDirectory() as folder:
        cookie = signed_in(web.port, world)
        warm(web.port, cookie)
        idle = p95(browse(web.port, cookie, for_seconds(IDLE_SECONDS)))
        yield without_goal("95th percentile while idle", idle, "ms")
        file = Path(folder) / "contacts.csv"
        write_file(file, ROWS)
        acts = {
            "exporting": ("export", str(Path(folder) / "all.csv")),
            "importing": ("import", str(file)),
            "deleting": ("delete", "--q", "an", "--yes"),
            "purging": ("purge",),
        }
        for name, command in acts.items():
            if name == "purging":
                move_back(here.engine)
            with ThreadPoolExecutor(1) as pool:
                act = pool.submit(run, here.environ, "contacts", *command, niceness=NICENESS)
                answers = browse(web.port, cookie, partial(_goes_on, act))
                seconds, _ = act.result()
            yield without_goal(f"Seconds of {name}", seconds, "s")
            if len(answers) >= ENOUGH:
                yield at_most(f"95th percentile beside {name}, idle being 1", p95(answers) / idle, MOST)


def _goes_on(act: Future[Any], _began: float) -> bool:
    return not act.done()
