"""`make bench`: measure, print each figure beside its goal, and each ratio beside the committed one."""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks import (
    beside,
    choices,
    deleting,
    exporting,
    importing,
    loading,
    pages,
    purging,
    ratios,
    restoring,
    sending,
    start,
    traffic,
    workers,
    writers,
)
from benchmarks.figures import Figure, show, write
from benchmarks.fill import Size
from benchmarks.stage import databases, filled

SIZES: dict[str, dict[str, tuple[int, ...]]] = {
    "small": {"postgresql": (50_000,), "sqlite": (10_000,)},
    "full": {"postgresql": (10_000, 100_000, 1_000_000), "sqlite": (10_000, 100_000)},
}
# The absolute goals are for these sizes.
JUDGED = {"postgresql": 1_000_000, "sqlite": 100_000}
PARTS = {
    "small": ("ratios",),
    "full": (
        *("ratios", "restoring", "deleting", "choices", "pages", "traffic", "beside", "writers"),
        *("workers", "sending", "loading", "importing", "exporting", "purging", "start"),
    ),
}
# At most so many contacts are deleted in one act before the pages are measured with stale statistics.
MOST_BY_ACCIDENT = 100_000


def main() -> None:
    """Measure what the arguments ask for. Exits with 1 if a ratio fell. A missed goal is shown and is no
    failure."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--database", choices=JUDGED, action="append")
    parser.add_argument("--contacts", type=int, action="append", help="instead of the sizes of --size")
    parser.add_argument("--part", choices=PARTS["full"], action="append", help="instead of those of --size")
    parser.add_argument("--json", type=Path, help="where to write all figures as JSON")
    wanted = parser.parse_args()
    parts, begun = wanted.part or PARTS[wanted.size], time.monotonic()
    shown: dict[str, list[Figure]] = {}
    for kind in wanted.database or JUDGED:
        sizes = wanted.contacts or SIZES[wanted.size][kind]
        for heading, figures in measure(kind, sizes, parts):
            shown[heading] = show(heading, figures)
            if wanted.json:
                write(wanted.json, shown)
    print(f"\n{time.monotonic() - begun:,.0f} s in all.")
    if fell := ratios.fallen(shown):
        print("Fell by more than a quarter:", *fell, sep="\n  ")
        sys.exit(1)


def measure(kind: str, sizes: Iterable[int], parts: Iterable[str]) -> Iterable[tuple[str, Iterable[Figure]]]:
    """Each part's heading and figures: the restore of every size, the other parts at the largest one."""
    if "ratios" in parts:
        yield f"Ratios, {kind}", ratios.measure(kind)
    if set(parts) == {"ratios"}:
        return
    with databases(kind) as made:
        for contacts in sizes:
            judged, is_largest = contacts == JUDGED[kind], contacts == max(sizes)
            what = f"{contacts:,} deleted contacts beside {contacts:,} live ones, {kind}"
            with filled(made, Size(contacts, contacts)) as (url, world):
                if "restoring" in parts:
                    yield f"Restoring all of {what}", restoring.measure(made, url, world, judged=judged)
                if "deleting" in parts and is_largest:
                    yield f"Deleting all of {what}", deleting.measure(made, url, world, judged=judged)
                if "choices" in parts and is_largest:
                    yield f"Choices about {what}", choices.measure(made, url, world, judged=judged)
                if "purging" in parts and is_largest:
                    yield f"Purging all of {what}", purging.measure(made, url, world, judged=judged)
                if "pages" in parts and is_largest:
                    yield f"Pages with {what}", pages.measure(made, url, world, judged=judged)
                if "traffic" in parts and is_largest:
                    yield f"{traffic.USERS} people at {what}", traffic.measure(made, url, world)
                if "beside" in parts and is_largest:
                    yield (
                        f"{traffic.USERS} people beside large acts, {what}",
                        beside.measure(made, url, world),
                    )
                if "writers" in parts and is_largest and kind == "sqlite":
                    yield f"Two people who write beside {what}", writers.measure(made, url, world)
                if "start" in parts and is_largest:
                    yield f"Starting, {kind}", start.measure(made, url)
                if "exporting" in parts and is_largest:
                    live = f"{contacts:,} contacts, {kind}"
                    yield f"Exporting {live}", exporting.measure(made, url, world)
        if "pages" in parts:
            gone = min(max(sizes), MOST_BY_ACCIDENT)
            yield (
                f"Pages right after {gone:,} of {2 * gone:,} contacts were deleted, without ANALYZE, {kind}",
                pages.measure_after_an_accident(made, gone, judged=gone == MOST_BY_ACCIDENT),
            )
        each = max(sizes) // 10
        if "workers" in parts:
            yield (
                f"{workers.WORKSPACES} workspaces restoring {each:,} each, {kind}",
                workers.measure(made, Size(each, each)),
            )
        if "sending" in parts:
            yield (
                f"Sending messages, beside a restore of {each:,} contacts, {kind}",
                sending.measure(made, Size(max(each, sending.MESSAGES), each)),
            )
        if "loading" in parts:
            timed = kind == "postgresql" and max(sizes) == JUDGED[kind]
            yield f"Loading, {kind}", loading.measure(made, max(sizes), timed=timed)
        if "importing" in parts:
            most = max(sizes)
            judged = most == JUDGED[kind]
            yield f"Importing {most:,} contacts, {kind}", importing.measure(made, most, judged=judged)


if __name__ == "__main__":
    main()
