"""`python -m benchmarks`: measure, print the table, write it as JSON."""

import argparse
import time
from pathlib import Path

from benchmarks import restoring
from benchmarks.figures import Figure, show, write
from benchmarks.fill import Size
from benchmarks.stage import databases, filled

SIZES = {
    "small": {"postgresql": (10_000, 100_000), "sqlite": (10_000,)},
    "full": {"postgresql": (10_000, 100_000, 1_000_000), "sqlite": (10_000, 100_000)},
}


def main() -> None:
    """Measure what the arguments ask for. Exits with 0 also where a goal was missed: the table says so."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), action="append")
    parser.add_argument("--contacts", type=int, action="append", help="instead of the sizes of --size")
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    wanted = parser.parse_args()
    begun = time.monotonic()
    parts: dict[str, list[Figure]] = {}
    for kind in wanted.database or ("postgresql", "sqlite"):
        with databases(kind) as made:
            for contacts in wanted.contacts or SIZES[wanted.size][kind]:
                largest = contacts == SIZES["full"][kind][-1]
                with filled(made, Size(contacts, contacts)) as (url, world):
                    heading = f"Restoring {contacts:,} contacts beside {contacts:,} live ones on {kind}"
                    parts[heading] = show(heading, restoring.measure(made, url, world, judged=largest))
    write(wanted.json, parts)
    print(f"\n{time.monotonic() - begun:,.0f} s in all; {wanted.json} has it as JSON.")


if __name__ == "__main__":
    main()
