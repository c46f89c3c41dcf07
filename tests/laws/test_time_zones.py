"""Law: days follow the pinned tzdata, and neither the host's time-zone data nor the database's."""

import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOURS = """
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
havana = ZoneInfo("America/Havana")
start, end = (datetime(2026, 11, day, tzinfo=havana).astimezone(UTC) for day in (1, 2))
print((end - start).total_seconds() / 3600)
"""
DAYS_IN_SQL = re.compile(
    r"at time zone|date_trunc|date_part|current_date|localtimestamp|func\.timezone", re.I
)


def test_the_time_zone_data_of_the_host_changes_no_day(tmp_path: Path) -> None:
    """Older data says that Cuba puts its clocks back on 1 November 2026, as New York does."""
    older = tmp_path / "America" / "Havana"
    older.parent.mkdir()
    older.write_bytes(resources.files("tzdata").joinpath("zoneinfo/America/New_York").read_bytes())

    # Python alone reads the older data. Our package does not, even if the zone has been read before.
    process = subprocess.run(
        [sys.executable, "-c", f"{HOURS}import webapp.models{HOURS}"],
        cwd=ROOT,
        env=os.environ | {"PYTHONTZPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert process.stdout.split() == ["25.0", "24.0"]


def test_no_statement_leaves_days_to_the_database() -> None:
    code = [*(ROOT / "webapp").rglob("*.py"), *(ROOT / "migrations").rglob("*.py")]

    assert len(code) > 100
    assert [path.name for path in code if DAYS_IN_SQL.search(path.read_text())] == []
