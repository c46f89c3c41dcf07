"""`flask release`, which hosts run before a release's processes start, for a rollback, too."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import inspect, text

from tests.support.schema import app_on_a_new_database
from webapp.cli import release_lock
from webapp.extensions import db

ROOT = Path(__file__).parents[3]


@pytest.fixture
def scratch(environ: dict[str, str]) -> Iterator[Flask]:
    with app_on_a_new_database(environ) as app:
        yield app


def release(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["release"])


def revision() -> str:
    with db.engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def test_a_release_migrates_the_database_and_a_rollback_leaves_it_as_it_is(scratch: Flask) -> None:
    first = release(scratch)
    assert (first.exit_code, first.output.splitlines()[-1]) == (0, "The database is up to date.")
    newest, tables = revision(), set(inspect(db.engine).get_table_names())
    assert "contact" in tables

    assert release(scratch).exit_code == 0
    assert revision() == newest

    downgrade(revision="-1")
    assert release(scratch).exit_code == 0
    assert revision() == newest

    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    back = release(scratch)
    assert back.exit_code == 0, back.output
    assert "of a later release (migration 9999). It stays as it is." in back.output
    assert (revision(), set(inspect(db.engine).get_table_names())) == ("9999", tables)


@pytest.fixture
def start(scratch: Flask, environ: dict[str, str]) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start the command in a process of its own, on the scratch database."""
    url = scratch.config["SQLALCHEMY_DATABASE_URI"]
    running: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "webapp", "release"],
            cwd=ROOT,
            env=os.environ | environ | {"DATABASE_URL": url, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_a_release_phase_waits_for_the_one_that_is_at_work(
    scratch: Flask, start: Callable[[], subprocess.Popen[str]]
) -> None:
    with release_lock.one_release(db.engine):
        second = start()
        assert second.stdout
        said = second.stdout.readline()
        assert said == "Another release phase is at work on this database. Waiting for its end.\n"
        assert inspect(db.engine).get_table_names() == []

    said, _ = second.communicate(timeout=60)
    assert (second.returncode, said) == (0, "The database is up to date.\n")


def test_of_two_release_phases_at_once_neither_fails(
    scratch: Flask, start: Callable[[], subprocess.Popen[str]]
) -> None:
    both = [start(), start()]

    said = [process.communicate(timeout=60)[0].splitlines()[-1] for process in both]

    assert said == ["The database is up to date."] * 2
    assert [process.returncode for process in both] == [0, 0]


def test_a_release_phase_that_waits_for_too_long_says_so(
    scratch: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_lock, "WAIT_SECONDS", 0)
    with release_lock.one_release(db.engine):
        refused = release(scratch)

    assert refused.exit_code == 2
    assert "Nothing was changed." in refused.output
    assert inspect(db.engine).get_table_names() == []
