"""The measurements beside their goals, as a table and as JSON."""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measurement. `ok` is None without a goal."""

    what: str
    value: float
    unit: str = ""
    goal: str = ""
    ok: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "ok", False: "below", None: ""}[self.ok]


def at_least(what: str, value: float, goal: float, unit: str = "") -> Figure:
    """A figure that should be at least `goal`."""
    return Figure(what, value, unit, f"≥ {_number(goal)}", value >= goal)


def at_most(what: str, value: float, goal: float, unit: str = "") -> Figure:
    """A figure that should be at most `goal`."""
    return Figure(what, value, unit, f"≤ {_number(goal)}", value <= goal)


def without_goal(what: str, value: float, unit: str = "") -> Figure:
    """A figure without a goal, or whose goal is for another size."""
    return Figure(what, value, unit)


def show(heading: str, figures: Iterable[Figure]) -> list[Figure]:
    """Print the figures under their heading as they come, and return them."""
    print(f"\n{heading}", flush=True)
    shown = []
    for figure in figures:
        shown.append(figure)
        value = f"{_number(figure.value)} {figure.unit}".strip()
        print(f"  {figure.what:<66} {value:>18}  {figure.goal:>10}  {figure.verdict}", flush=True)
    return shown


def write(path: Path, parts: dict[str, list[Figure]]) -> None:
    """Write all figures, with the machine that they were measured on, as JSON."""
    document = {
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "figures": {
            heading: [asdict(figure) | {"verdict": figure.verdict} for figure in figures]
            for heading, figures in parts.items()
        },
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.2f}"
