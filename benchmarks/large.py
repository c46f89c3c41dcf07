"""Ten million contacts on PostgreSQL: filled, looked at, a part of them deleted and restored.

Not a part of `make bench`: it takes half an hour and 35 GB of disk. Run it with `python -m benchmarks.large`.
"""

import argparse
import time
from collections.abc import Iterator
from functools import partial

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, at_most, show, without_goal
from benchmarks.fill import Size
from benchmarks.loading import run
from benchmarks.pages import MOST_MS, addresses_of_lists, addresses_of_report, time_pages
from benchmarks.restoring import restore_all, timed
from benchmarks.stage import Stage, databases, filled, stage
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.models import Deletion, Job

# What docs/scaling.md advises, for a machine with 24 GB.
SETTINGS = {
    "shared_buffers": "6GB",
    "effective_cache_size": "16GB",
    "max_wal_size": "16GB",
    "maintenance_work_mem": "1GB",
}
# What is deleted and restored: of six million addresses, those of 1,111,111 numbers begin with a one.
SOME = "c1"
SEARCHES = ("ann", "an", "zyx", "maier ann", SOME)
SIZES = """
    SELECT CASE WHEN kind.relkind = 'r' THEN 'Table ' ELSE 'Index ' END || kind.relname,
           CASE WHEN kind.relkind = 'r' THEN pg_table_size(kind.oid) ELSE pg_relation_size(kind.oid) END / 1e9
    FROM pg_class AS kind WHERE kind.relkind IN ('r', 'i') AND pg_relation_size(kind.oid) > 5e8
    ORDER BY 2 DESC
"""


def main() -> None:
    """Measure at the size that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--live", type=int, default=6_000_000)
    parser.add_argument("--binned", type=int, default=4_000_000)
    wanted = parser.parse_args()
    with databases("postgresql", **SETTINGS) as made:
        size = Size(wanted.live, wanted.binned)
        begun = time.monotonic()
        with filled(made, size) as (url, world), stage(url) as here:
            seconds = time.monotonic() - begun
            what = f"{wanted.live:,} live and {wanted.binned:,} deleted contacts"
            show(f"Disk of {what}", _disk(here.engine, seconds))
            addresses = _addresses(here.engine, world)
            show(f"Pages with {what}", _pages(here, world, addresses))
            show("Exact numbers of searches", _counts(here, world))
            show("Deleting and restoring a part of them", _there_and_back(here, world))
            reports = addresses_of_report(_last_job(here.engine, world))
            show("Pages afterwards, without ANALYZE", _pages(here, world, reports | addresses))


def _disk(engine: Engine, seconds: float) -> Iterator[Figure]:
    yield without_goal("Filled, migrations included", seconds, "s")
    with engine.connect() as connection:
        size = connection.scalar(text("SELECT pg_database_size(current_database())")) or 0
        yield without_goal("The database", size / 1e9, "GB")
        for name, size in connection.execute(text(SIZES)):
            yield without_goal(name, float(size), "GB")


def _addresses(engine: Engine, world: World) -> dict[str, str]:
    with Session(engine) as session:
        return addresses_of_lists(session, world.id)


def _pages(here: Stage, world: World, addresses: dict[str, str]) -> Iterator[Figure]:
    for timing in time_pages(here.app, world.admin.email, addresses):
        yield at_most(f"{timing.name} (median {timing.p50} ms)", timing.p95, MOST_MS, "ms")


def _counts(here: Stage, world: World) -> Iterator[Figure]:
    browser = Browser(here.app, world.admin)
    for page in ("/contacts", "/contacts/restore"):
        for search in SEARCHES:
            answer, ms = timed(partial(browser.get, f"{page}/count", [("q", search)], htmx=True))
            yield without_goal(f"{page}, “{search}”: {answer.text.strip()}", ms / 1000, "s")


def _there_and_back(here: Stage, world: World) -> Iterator[Figure]:
    """Delete what a search finds, by a job, and restore this deletion, by another."""
    seconds, _ = run(here.environ, "contacts", "delete", "--q", SOME, "--yes")
    with Session(here.engine) as session:
        last = select(func.max(Deletion.id)).where(Deletion.workspace_id == world.id)
        deletion = session.get_one(Deletion, session.scalar(last))
        number, deleted = deletion.number, deletion.contact_count
    yield without_goal("Contacts deleted", deleted)
    yield without_goal("Contacts deleted a second", deleted / seconds)
    with here.worker() as worker:
        restored = restore_all(here, world, worker, f"deletion={number}")
    yield without_goal("Contacts processed by the restore", restored.contacts)
    yield without_goal("Contacts restored a second", restored.rate)
    yield at_least("Last tenth, the first being 1", restored.last_to_first, 0.8)
    yield at_most("Memory grown since the first tenth", restored.grown_mb, 50, "MB")
    yield at_most("Longest transaction, its rest included", max(restored.gaps), 1, "s")
    yield at_most("Opening the dialog", restored.asked_in_ms, 300, "ms")
    yield at_most("Confirming it", restored.started_in_ms, 300, "ms")


def _last_job(engine: Engine, world: World) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.max(Job.id)).where(Job.workspace_id == world.id)) or 0


if __name__ == "__main__":
    main()
