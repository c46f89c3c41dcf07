"""`make chaos`: random faults at real times, for minutes; half of them with the fence, half without it.

Three workers, five workspaces with continuous restores in all of them, and beside them imports, exports,
purges, and jobs that delete, for now or for ever, each in a workspace of its own. The table at the end is the
proof: no violation with the fence, and at least one without it, because a checker that never finds any proves
nothing.
"""

import argparse
import logging
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from time import monotonic, sleep

from tests.faults.checker import Violation
from tests.faults.storm import HORSE_STOPPED, Storm
from tests.faults.traffic import Traffic
from tests.faults.turns import Turns
from tests.support.databases import postgresql_url, sqlite_url
from tests.support.deployment import new_deployment

DATABASES = {"postgresql": postgresql_url, "sqlite": sqlite_url}
WORKERS, WORKSPACES = 3, 5
LIVE, DELETED = 1000, 10_000
# Small batches, so that a restore takes some ten seconds and a fault hits it while it runs; SQLite rests
# between.
BATCH_SIZE = {"postgresql": "20", "sqlite": "100"}
# As they are deployed.
RESTORE_WORKERS = {"postgresql": "2", "sqlite": "1"}
# Large jobs at a time beside the restores, and how many items each has: some fifty batches.
LANES, ITEMS = 2, {"postgresql": 1000, "sqlite": 2000}
# Seconds between two faults. A killed worker needs a few until it runs again.
LEAST_PAUSE, LONGEST_PAUSE = 1.0, 4.0
POLL_SECONDS = 0.1
# The longest time until the job of a stopped horse is taken over: the lease, the reconciler and the queue
# before it. Then the jobs of all workspaces run one after the other.
IDLE_TIMEOUT = 300.0
# A stopped horse blocks its worker for a minute or more. So two are stopped first, and then one in each turn
# of the faults, but none so late that the run would wait for it at the end.
FIRST_STOPPED = 2
LAST_STOP = 90.0
UNFINISHED = "jobs or horses that never ended"
# Exit codes.
VALID, VIOLATED, PROVES_NOTHING, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class Half:
    """The faults of one half, and what the checker found."""

    injected: Counter[str]
    resumed: int
    jobs: Counter[str]
    contacts: int
    violations: list[Violation]
    faults: list[str]


def run_half(database_url: str, *, database: str, seed: int, seconds: float, fence: bool) -> Half:
    """Faults for so many seconds, then a wait until all jobs have ended, then the checker. Errors that a
    fault causes are not raised."""
    environ = {"DATABASE_URL": database_url, "SECRET_KEY": "for tests only"}
    settings = {
        "BATCH_SIZE": BATCH_SIZE[database],
        "TIME_SCALE": "1",
        "RESTORE_WORKERS": RESTORE_WORKERS[database],
    }
    with new_deployment(environ, **settings) as deployment:
        turns = Turns(deployment, lanes=LANES, items=ITEMS[database])
        random, traffic = Random(seed), Traffic(deployment, by_jobs=True, turns=turns)
        storm = Storm(deployment, traffic, random, workers=WORKERS, fence=fence)
        print_line(f"{WORKSPACES} workspaces, each with {DELETED:,} contacts in its bin …")
        traffic.create_workspaces(WORKSPACES, live=LIVE, deleted=DELETED)
        with storm.begin():
            print_line(f"{seconds:.0f} seconds of faults {'with' if fence else 'without'} the fence …")
            inject_faults(storm, random, seconds)
            print_line("waiting until every job has ended …")
            left = storm.wait_until_idle(seconds=IDLE_TIMEOUT)
            violations = traffic.check()
            if left:
                violations.append(Violation(UNFINISHED, left))
            return Half(storm.injected, storm.resumed, *traffic.totals(), violations, list(storm.faults))


def inject_faults(storm: Storm, random: Random, seconds: float) -> None:
    """One fault after the other, all kinds in turns; one that is not possible at the moment is skipped."""
    end = monotonic() + seconds
    bag: list[str] = []
    while monotonic() < end:
        storm.update()
        surely = storm.injected[HORSE_STOPPED] < FIRST_STOPPED
        if not bag:
            bag = random.sample(list(storm.faults), k=len(storm.faults))
        name = HORSE_STOPPED if surely else bag.pop()
        if name == HORSE_STOPPED and not surely and monotonic() > end - LAST_STOP:
            continue
        if storm.strike(name):
            pause(storm, min(end, monotonic() + random.uniform(LEAST_PAUSE, LONGEST_PAUSE)))
        else:
            sleep(POLL_SECONDS)


def pause(storm: Storm, until: float) -> None:
    while monotonic() < until:
        storm.update()
        sleep(POLL_SECONDS)


def table(halves: list[Half]) -> Iterator[str]:
    """Faults injected and violations found, by kind, with the fence and without."""
    yield row("", "with the fence", "without it")
    yield "Faults injected"
    for name in halves[0].faults:
        yield row(f"  {name}", *(half.injected[name] for half in halves))
    yield row("  in all", *(half.injected.total() for half in halves))
    yield row("Stopped horses that came back", *(half.resumed for half in halves))
    yield "Jobs"
    for kind in sorted(set().union(*(half.jobs for half in halves))):
        yield row(f"  {kind}", *(half.jobs[kind] for half in halves))
    yield row("Contacts restored", *(half.contacts for half in halves))
    yield "Violations found"
    found = [Counter(violation.kind for violation in half.violations) for half in halves]
    for kind in sorted(set().union(*found)):
        yield row(f"  {kind}", *(one[kind] for one in found))
    yield row("  in all", *(one.total() for one in found))


def row(name: str, *values: object) -> str:
    return f"{name:42}" + "".join(
        f"{value:>16,}" if isinstance(value, int) else f"{value:>16}" for value in values
    )


def verdict(with_fence: Half, without: Half) -> int:
    """Print what the table means and return the exit code."""
    for violation in with_fence.violations:
        print_line(str(violation))
    if with_fence.violations:
        print_line("The fence did not hold.")
        return VIOLATED
    if not without.violations:
        print_line(
            "The checker found nothing without the fence either, so this proves nothing: take more minutes."
        )
        return PROVES_NOTHING
    print_line(f"An example without the fence: {without.violations[0]}")
    print_line("Valid: no violation with the fence, and without it the checker finds some.")
    return VALID


def print_line(what: str) -> None:
    print(what, flush=True)


@contextmanager
def interruptible() -> Iterator[None]:
    """The first Ctrl-C or SIGTERM ends the run cleanly; later ones do not interrupt the cleanup."""

    def interrupt(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        print_line("Interrupted.")
        sys.exit(INTERRUPTED)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of faults, both halves together")
    parser.add_argument("--database", choices=sorted(DATABASES), default="postgresql")
    parser.add_argument("--seed", type=int, help="repeats a schedule, as far as timing can be repeated")
    given = parser.parse_args()
    seed = Random().randrange(1_000_000) if given.seed is None else given.seed
    logging.disable(logging.WARNING)
    print_line(f"SEED={seed} DATABASE={given.database} MINUTES={given.minutes:g}")
    with interruptible(), DATABASES[given.database]() as url:
        halves = [
            run_half(url, database=given.database, seed=seed, seconds=given.minutes * 30, fence=fence)
            for fence in (True, False)
        ]
    for line in ["", *table(halves), ""]:
        print_line(line)
    return verdict(*halves)


if __name__ == "__main__":
    sys.exit(main())
