"""The rest between two batches: SQLite has one writer at a time, and the others need time."""

import pytest

from webapp.jobs.settings import Rest


@pytest.mark.parametrize(("worked", "rested"), [(0.001, 0.02), (0.02, 0.02), (0.5, 0.5), (600, 1)])
def test_a_required_rest_is_as_long_as_the_work(worked: float, rested: float) -> None:
    assert Rest(0.02).after(worked) == rested


def test_no_rest_is_taken_where_none_is_required() -> None:
    assert Rest.on("postgresql").after(0.5) == 0
    assert Rest.on("sqlite").after(0) > 0
