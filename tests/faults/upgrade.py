"""`make upgrade FROM=…`: an earlier release and this one side by side, on one database and one Redis.

The earlier release runs, from the history of this checkout, with a visitor who adds, deletes and restores
contacts. The database is brought up to date beneath it, while more visitors add and delete without a pause.
This release starts beside it, with a visitor of its own, and the earlier one is stopped as a host stops it.
No request may fail on the way, and every restore must end. Both run with this release's dependencies.

The table at the end says what the visitors saw in each phase; it is printed, too, when the trial is broken or
its minutes are over.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.faults.chaos import interruptible
from tests.faults.deadline import Deadline, TimeIsUp
from tests.faults.release import Release, archive
from tests.faults.visitor import Failed, Visitor
from tests.support.databases import postgresql_url, sqlite_url
from tests.support.processes import CHECKOUT
from webapp.local_services import private_redis

DATABASES = {"postgresql": postgresql_url, "sqlite": sqlite_url}
# Rounds of a visitor in each phase: the second one in the session of the first.
ROUNDS = 2
# Visitors who delete while the database is brought up to date, and what each has done before and does after.
HASTY, HASTY_ROUNDS = 3, 1
BEFORE, MIGRATION, AFTER, BOTH, ALONE = PHASES = (
    "before",
    "migration",
    "after the migration",
    "both releases",
    "this release alone",
)
# Exit codes.
UNBROKEN, BROKEN, NOT_TRIED = 0, 1, 2


class Trial:
    """The whole course, and its visitors with what they have seen."""

    def __init__(self, old: Release, new: Release, deadline: Deadline) -> None:
        self.old, self.new = old, new
        # Each works in an account of its own, because one restore runs at a time in each.
        self.early = Visitor("earlier release", old.port, "admin@example.com", deadline)
        self.late = Visitor("this release", new.port, "admin@other.example", deadline)
        self.hasty = [
            Visitor(f"earlier release, hasty {number}", old.port, "admin@example.com", deadline, hasty=True)
            for number in range(1, HASTY + 1)
        ]

    @property
    def visitors(self) -> list[Visitor]:
        return [self.early, *self.hasty, self.late]

    def run(self) -> None:
        """Raises Failed and TimeIsUp."""
        with ExitStack() as until_the_end:
            with self.old.running(), ExitStack() as of_the_old:
                say("The earlier release works …")
                self._begin(self.early, BEFORE, of_the_old)
                self.early.go_on(ROUNDS)
                self._migrate()
                say("The earlier release works on the new database …")
                self.early.enter(AFTER)
                self.early.go_on(ROUNDS)
                say("This release starts beside it …")
                until_the_end.enter_context(self.new.running())
                say("Both work …")
                self.early.enter(BOTH)
                self._begin(self.late, BOTH, until_the_end)
                self.late.go_on(ROUNDS)
                self.early.go_on(ROUNDS)
                say("The earlier release stops …")
            self.early.check()
            self.late.enter(ALONE)
            self.late.go_on(ROUNDS)
        self.late.check()

    def _migrate(self) -> None:
        say(f"The database is brought up to date, while {HASTY} visitors add and delete …")
        with ExitStack() as meanwhile:
            for visitor in self.hasty:
                self._begin(visitor, MIGRATION, meanwhile)
            for visitor in self.hasty:
                visitor.go_on(HASTY_ROUNDS)
            self.early.enter(MIGRATION)
            self.new.finish(self.new.commands["release"])
            for visitor in self.hasty:
                visitor.go_on(HASTY_ROUNDS)
        for visitor in self.hasty:
            visitor.check()

    @staticmethod
    def _begin(visitor: Visitor, phase: str, until: ExitStack) -> None:
        visitor.begin(phase)
        until.callback(visitor.end)


def table(visitors: Iterable[Visitor]) -> Iterator[str]:
    """What the visitors saw: a row for each phase and visitor."""
    yield f"{'phase':20}{'visitor of the':28}{'rounds':>7}{'slowest':>10}  answers"
    for phase in PHASES:
        for visitor in visitors:
            if seen := visitor.seen.get(phase):
                answers = ", ".join(f"{count:,} × {status}" for status, count in sorted(seen.answers.items()))
                yield (
                    f"{phase:20}{visitor.name:28}{seen.rounds:>7}{seen.slowest:>8.1f} s  {answers or 'none'}"
                )
    yield "404 is the answer about a deleted contact, and of a page that the earlier release does not have."


def say(words: str) -> None:
    print(words, flush=True)


def latest_tag() -> str:
    described = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0"], cwd=CHECKOUT, capture_output=True, text=True
    )
    return described.stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make upgrade", description=__doc__)
    parser.add_argument(
        "revision", nargs="?", help="the earlier release: a tag or commit; by default the latest tag"
    )
    parser.add_argument("--database", choices=sorted(DATABASES), default="postgresql")
    parser.add_argument(
        "--minutes", type=float, default=10, help="the trial ends after so many at the latest"
    )
    given = parser.parse_args()
    revision = given.revision or latest_tag()
    with (
        interruptible(),
        tempfile.TemporaryDirectory(prefix="restore-upgrade-") as name,
        DATABASES[given.database]() as url,
    ):
        folder = Path(name)
        (folder / "old").mkdir()
        (folder / "redis").mkdir()
        commit = archive(revision, folder / "old") if revision else None
        if commit is None:
            print(
                f"The history here has no release {revision!r}. Name one: make upgrade FROM=<tag or commit>",
                file=sys.stderr,
            )
            return NOT_TRIED
        say(f"From {commit[:12]} to this checkout, on {given.database}, within {given.minutes:g} minutes.")
        with private_redis(folder / "redis") as redis:
            environ = {
                "DATABASE_URL": url,
                "REDIS_URL": redis,
                "SECRET_KEY": "for this trial only",
                "TIME_SCALE": "10",
            }
            return attempt(folder, environ, Deadline(given.minutes))


def attempt(folder: Path, environ: dict[str, str], deadline: Deadline) -> int:
    """Run the trial with the earlier release in `folder`, and print what came of it; the exit code."""
    old = Release("old", folder / "old", environ, folder, deadline)
    new = Release("new", CHECKOUT, environ, folder, deadline)
    trial, code, verdict = Trial(old, new, deadline), UNBROKEN, "No visitor saw an error."
    try:
        old.finish(old.commands["release"])
        old.finish(shlex.join(["flask", "--app", "webapp", "demo"]))
        trial.run()
    except Failed as error:
        code, verdict = BROKEN, f"Broken: {error}"
    except TimeIsUp as error:
        code, verdict = NOT_TRIED, f"Not tried to the end: {error}"
    if code != UNBROKEN:
        for log in sorted(folder.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
    for line in ("", *table(trial.visitors), "", verdict):
        say(line)
    return code


if __name__ == "__main__":
    sys.exit(main())
