"""The bench's ratios are compared with the committed ones, and each committed one can be measured."""

from pathlib import Path

import pytest

from benchmarks import peers, ratios, shares
from benchmarks.cpu import Cpu
from benchmarks.figures import at_least
from benchmarks.fill import Size
from benchmarks.ratios import beside, committed, fallen, looked_at_twice, medians, missing
from benchmarks.stage import Databases, filled

KEPT = {"Restoring": 0.8, "Bin": 12.0}


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.9, "ok"), (0.8, "ok"), (0.61, "ok"), (0.59, "fell"), (0.0, "fell")]
)
def test_a_ratio_may_fall_by_a_quarter(value: float, verdict: str) -> None:
    assert beside(KEPT, "Restoring", value).verdict == verdict


def test_a_ratio_is_shown_beside_the_committed_one() -> None:
    assert beside(KEPT, "Bin", 11.0).goal == "was 12"


def test_the_ratios_that_fell_are_named_with_their_database() -> None:
    shown = {
        "Ratios, sqlite": [beside(KEPT, "Restoring", 0.5), beside(KEPT, "Bin", 13)],
        "Ratios, postgresql": [beside(KEPT, "Bin", 3)],
    }

    assert fallen(shown) == ["Ratios, sqlite: Restoring", "Ratios, postgresql: Bin"]


def test_a_new_ratio_is_no_failure() -> None:
    new = beside(KEPT, "Merging", 0.1)

    assert (new.verdict, new.goal) == ("new", "")
    assert fallen({"Ratios": [new]}) == []


def test_a_goal_that_is_missed_is_no_ratio_that_fell() -> None:
    assert fallen({"Restoring": [at_least("rate", 1, 2)]}) == []


def test_committed_ratios_that_were_not_measured_are_named() -> None:
    assert missing(KEPT, ["Bin", "Merging"]) == ["Restoring"]
    assert missing(KEPT, KEPT) == []


def test_medians_are_of_the_runs_that_measured() -> None:
    runs = [{"Bin": 12.0, "Restoring": 0.7}, {"Bin": 10.0, "Restoring": 0.81234}, {"Bin": 11.0}]

    assert medians(runs) == {"Bin": 11, "Restoring": 0.756}


@pytest.mark.parametrize(
    ("values", "value", "verdict"), [([0.7], 0.7, "ok"), ([0.3, 0.7], 0.7, "ok"), ([0.4, 0.3], 0.4, "fell")]
)
def test_what_seems_to_have_fallen_is_measured_once_more(
    values: list[float], value: float, verdict: str
) -> None:
    measured = iter(values)
    ratio = looked_at_twice(KEPT, "Restoring", lambda: next(measured))

    assert (ratio.value, ratio.verdict) == (value, verdict)
    assert next(measured, None) is None


def test_a_share_is_that_of_the_undisturbed_rounds() -> None:
    ours, bare = iter([9.0, 2.0, 4.0, 3.0]), iter([1.0, 7.0, 1.5, 2.0])

    assert shares.share(lambda: next(ours), lambda: next(bare)) == 0.5


def test_both_databases_have_the_same_ratios() -> None:
    kept = committed()

    assert set(kept) == set(ratios.KINDS)
    assert len({tuple(each) for each in kept.values()}) == 1


@pytest.fixture
def without_django(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "PEER", tmp_path)


def test_every_committed_ratio_is_measured(
    database_url: str,
    without_django: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Those beside Django only where it is installed; its absence is said."""
    for module in (shares, peers):
        monkeypatch.setattr(module, "ROUNDS", 1)
    monkeypatch.setattr(shares, "IMPORTED", 100)
    made = Databases(tmp_path, None if database_url.startswith("sqlite") else database_url)
    cpu = Cpu(None)
    with filled(made, Size(300, 200)) as (url, world):
        found = {name: take() for name, take in shares.to_measure(made, cpu, url, world)}
        found |= dict(peers.measure(made, cpu, url, world))

    left_out = missing(committed()[made.kind], found)
    assert left_out
    assert all("Django" in name for name in left_out)
    assert found.keys() <= committed()[made.kind].keys()
    assert all(value > 0 for value in found.values())
    assert "Django is not installed in .venv-peer" in capsys.readouterr().out
