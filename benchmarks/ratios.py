"""The ratios that `make bench` judges: each beside the committed one, which is in `ratios.json`.

A machine that is half as fast is so on both sides of a ratio, so that those of two machines can be compared.

`make ratios` measures them several times and writes the medians into that file.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import peers, shares
from benchmarks.cpu import Cpu
from benchmarks.figures import Figure, show
from benchmarks.fill import Size
from benchmarks.stage import databases, filled

KINDS = ("postgresql", "sqlite")
COMMITTED = Path(__file__).with_name("ratios.json")
SIZE = Size(10_000, 10_000)
# As a part of the committed ratio. Two runs on one machine differ by a tenth.
MOST_LOST = 0.25
# Its times are no part of an act's.
QUIET = {"autovacuum": "off"}

Ratios = Mapping[str, float]


@dataclass(frozen=True)
class Ratio(Figure):
    """A ratio of which more is better. `ok` is None if none is committed."""

    @property
    def verdict(self) -> str:
        return {True: "ok", False: "fell", None: "new"}[self.ok]


def measure(kind: str) -> Iterator[Ratio]:
    """Each ratio on this kind of database, beside the committed one."""
    before = committed()[kind]
    found = []
    with databases(kind, **QUIET) as made, filled(made, SIZE) as (url, world):
        cpu = Cpu(made.server)
        for name, take in shares.to_measure(made, cpu, url, world):
            found.append(name)
            yield looked_at_twice(before, name, take)
        for name, value in peers.measure(made, cpu, url, world):
            found.append(name)
            yield beside(before, name, value)
    for name in missing(before, found):
        print(f"  {name}: not measured")


def looked_at_twice(before: Ratios, name: str, take: Callable[[], float]) -> Ratio:
    """The ratio that `take` measures, once more if it seems to have fallen: an act is short, and a busy
    machine can halve the ratio. The better one counts, because a defect is there each time."""
    ratio = beside(before, name, take())
    if ratio.ok is False:
        ratio = max(ratio, beside(before, name, take()), key=lambda one: one.value)
    return ratio


def beside(before: Ratios, name: str, value: float) -> Ratio:
    """The ratio with what it was, and whether it is still so: it may fall by a quarter."""
    was = before.get(name)
    if was is None:
        return Ratio(name, value)
    return Ratio(name, value, "", f"was {was:.3g}", value >= was * (1 - MOST_LOST))


def missing(before: Ratios, found: Iterable[str]) -> list[str]:
    """The committed ratios that are not among those that were found."""
    names = set(found)
    return [name for name in before if name not in names]


def fallen(shown: Mapping[str, Sequence[Figure]]) -> list[str]:
    """Which ratios fell, among the figures under these headings."""
    return [
        f"{heading}: {figure.what}"
        for heading, figures in shown.items()
        for figure in figures
        if isinstance(figure, Ratio) and figure.ok is False
    ]


def committed() -> Mapping[str, Ratios]:
    """The committed ratios of each kind of database."""
    kept: dict[str, dict[str, float]] = json.loads(COMMITTED.read_text())
    return kept


def medians(runs: Sequence[Ratios]) -> dict[str, float]:
    """The median of each ratio in the runs in which it was measured, to three digits."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: float(f"{median(run[name] for run in runs if name in run):.3g}") for name in names}


def main(runs: int) -> None:
    """Measure so often; after each run, write the medians."""
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for run in range(runs):
        for kind in KINDS:
            shown = show(f"Run {run + 1} of {runs}, {kind}", measure(kind))
            found[kind].append({figure.what: figure.value for figure in shown})
        written = {kind: medians(several) for kind, several in found.items()}
        COMMITTED.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
