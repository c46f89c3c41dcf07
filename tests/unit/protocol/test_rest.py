"""The rest between two batches: SQLite has one writer at a time, and others must have their turn."""

import pytest

from webapp.jobs.settings import Rest


@pytest.mark.parametrize(("worked", "rested"), [(0.001, 0.02), (0.02, 0.02), (0.5, 0.5), (600, 1)])
def test_where_a_rest_is_needed_it_is_as_long_as_the_work(worked: float, rested: float) -> None:
    assert Rest(0.02).after(worked) == rested


def test_where_none_is_needed_there_is_none() -> None:
    assert Rest.on("postgresql").after(0.5) == 0
    assert Rest.on("sqlite").after(0) > 0
