"""`make upgrade` ends in every case, and says what was seen. The trial itself takes minutes."""

import sys
from pathlib import Path

import pytest

from tests.faults.deadline import Deadline
from tests.faults.upgrade import BROKEN, NOT_TRIED, attempt, table
from tests.faults.visitor import Seen, Visitor


@pytest.mark.parametrize(
    ("command", "code", "verdict"),
    [
        (f"{sys.executable} -c 'import time; time.sleep(1000)'", NOT_TRIED, "Not tried to the end: "),
        (f"{sys.executable} -c 'raise SystemExit(3)'", BROKEN, "Broken: old: "),
    ],
    ids=["it hangs", "it fails"],
)
def test_a_trial_ends_with_a_table_whatever_a_release_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, code: int, verdict: str
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "Procfile").write_text(f"release: {command}\n")
    minutes = 0.001 if code == NOT_TRIED else 1

    assert attempt(tmp_path, {}, Deadline(minutes)) == code

    said = capsys.readouterr().out
    assert "visitor of the" in said
    assert said.splitlines()[-1].startswith(verdict)


def test_the_table_has_what_each_visitor_saw_in_each_phase() -> None:
    one, other = (Visitor(name, 1, "", Deadline(1)) for name in ("earlier release", "this release"))
    one.seen["before"] = Seen(rounds=2, slowest=0.25)
    one.seen["before"].answers.update([200, 200, 404])
    other.seen["both releases"] = Seen()

    rows = [" ".join(line.split()) for line in table([one, other])]

    assert rows[1:3] == [
        "before earlier release 2 0.2 s 2 × 200, 1 × 404",
        "both releases this release 0 0.0 s none",
    ]
