"""`flask release`, which hosts run before a release's processes start, for a rollback, too."""

from collections.abc import Iterator

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import inspect, text

from tests.support.schema import app_on_a_new_database
from webapp.extensions import db


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
