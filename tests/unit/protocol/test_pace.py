"""The rest between two batches: on SQLite one writes at a time, and the others must have their turn."""

import pytest

from webapp.restoring.pace import Pace


@pytest.mark.parametrize(("worked", "rested"), [(0.001, 0.02), (0.02, 0.02), (0.5, 0.5), (600, 1)])
def test_where_a_rest_is_needed_it_is_as_long_as_the_work(worked: float, rested: float) -> None:
    assert Pace(30, 250, rest_seconds=0.02).rest_after(worked) == rested


def test_where_none_is_needed_there_is_none() -> None:
    assert Pace(30, 5000).rest_after(0.5) == 0
