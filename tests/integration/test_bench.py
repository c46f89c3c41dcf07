"""The bench compares like with like: its bare SQL leaves the same rows as a restore by the app."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, at_most, without_goal
from benchmarks.fill import Size
from benchmarks.floor import bare_restore
from benchmarks.one_at_a_time import restore_one_by_one
from benchmarks.restoring import start_all
from benchmarks.stage import Databases, Stage, filled, stage
from tests.factories.people import World
from tests.support.web import Wire, status
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings, Rest
from webapp.worker.kinds import KINDS

SIZE = 70
LEFT_BEHIND = (
    "SELECT id, deleted_at, deletion_id, restore_job_id, version FROM contact ORDER BY id",
    "SELECT contact_id, is_primary, detached_at, detached_by_deletion_id FROM deal_contact ORDER BY id",
    "SELECT id, in_bin FROM deletion ORDER BY id",
    "SELECT contact_id, outcome, reason, other_contact_id, version FROM restore_outcome ORDER BY contact_id",
    "SELECT effect, kind, item_id, contacts FROM restore_link ORDER BY effect, kind, item_id",
    "SELECT fence, contacts FROM restore_batch ORDER BY id",
)


@pytest.fixture
def made(database_url: str, tmp_path: Path) -> Databases:
    return Databases(tmp_path, None if database_url.startswith("sqlite") else database_url)


@pytest.fixture
def bin_of_200(made: Databases) -> Iterator[tuple[str, World]]:
    with filled(made, Size(300, 200)) as both:
        yield both


def left_behind(here: Stage) -> list[list[tuple[Any, ...]]]:
    with here.engine.connect() as connection:
        return [[tuple(row) for row in connection.execute(text(query))] for query in LEFT_BEHIND]


def test_bare_sql_does_what_the_app_does(made: Databases, bin_of_200: tuple[str, World]) -> None:
    url, world = bin_of_200
    with made.copy(url) as copy:
        bare_restore(copy, SIZE, Rest())
        with stage(copy) as here:
            bare = left_behind(here)
    with made.copy(url) as copy, stage(copy) as here:
        job_id = start_all(here, world)[0]
        with Session(here.engine) as session:
            carry_out(session, here.services.lock, KINDS, job_id, settings=BatchSettings(30, SIZE))
        ours = left_behind(here)

    assert bare == ours
    assert [row[1] for row in ours[3]].count("skipped") == 2


def test_the_loop_does_what_the_app_does(made: Databases, bin_of_200: tuple[str, World]) -> None:
    """Only in part: it stores no reasons and no history."""
    url, world = bin_of_200
    with made.copy(url) as copy, stage(copy) as here:
        job_id = start_all(here, world)[0]
        restore_one_by_one(here.engine, world, job_id, 200)
        contacts, deals, deletions, outcomes, *_ = left_behind(here)

    assert sum(deleted_at is not None for _, deleted_at, *_ in contacts) == 2
    assert sum(detached_at is not None for _, _, detached_at, _ in deals) == 2
    assert sum(in_bin for _, in_bin in deletions) == 2
    assert [outcome for _, outcome, *_ in outcomes].count("skipped") == 2


def test_the_server_runs_the_empty_app(made: Databases) -> None:
    with made.empty() as url, stage(url) as here, here.web(app="benchmarks.empty:app") as web:
        answer = Wire(web.port).ask(b"GET /")

    assert status(answer) == 200, web.log.read_text()


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (at_least("rate", 25_000, 25_000), "ok"),
        (at_least("rate", 24_999, 25_000), "below"),
        (at_most("time", 50, 50), "ok"),
        (at_most("time", 50.1, 50), "below"),
        (without_goal("size", 1), ""),
    ],
)
def test_a_figure_says_whether_it_reached_its_goal(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict
