"""Law: each migration leaves the release before it working, which still runs while the new one starts, and
which a rollback starts again.

That release reads and writes the tables as it knows them. So no migration takes a table or a column away, and
none makes a column required that it does not write. `make upgrade` tries it with real processes, where the
history of the earlier release is at hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import upgrade
from sqlalchemy import Engine, inspect

from tests.support.schema import app_on_a_new_database
from webapp.extensions import db

# Those up to here have passed; each step takes a second.
FIRST = "0012"
# One database is enough: the migrations are the same.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]


@dataclass(frozen=True)
class Columns:
    """The columns of each table, and of these the ones that an INSERT must name."""

    all: dict[str, set[str]]
    required: dict[str, set[str]]

    @classmethod
    def of(cls, engine: Engine) -> "Columns":
        found = inspect(engine)
        every, required = {}, {}
        for table in found.get_table_names():
            columns = found.get_columns(table)
            every[table] = {column["name"] for column in columns}
            keys = set(found.get_pk_constraint(table)["constrained_columns"])
            required[table] = {
                column["name"]
                for column in columns
                if not column["nullable"] and column["default"] is None and {column["name"]} != keys
            }
        return cls(every, required)

    def broken_by(self, later: "Columns") -> set[str]:
        """What a program that knows these columns misses, or does not write, in the later ones."""
        broken = {f"{table} is gone" for table in self.all.keys() - later.all.keys()}
        for table in self.all.keys() & later.all.keys():
            broken |= {f"{table}.{column} is gone" for column in self.all[table] - later.all[table]}
            broken |= {
                f"{table}.{column} is required" for column in later.required[table] - self.required[table]
            }
        return broken


@pytest.fixture
def scratch(environ: dict[str, str]) -> Iterator[Flask]:
    with app_on_a_new_database(environ) as app:
        yield app


def test_no_migration_breaks_the_release_before_it(scratch: Flask) -> None:
    scripts = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    later = [script.revision for script in scripts.iterate_revisions("heads", FIRST)][::-1]
    upgrade(revision=FIRST)
    before, broken = Columns.of(db.engine), {}
    assert len(before.all) > 20
    for revision in later:
        upgrade(revision=revision)
        after = Columns.of(db.engine)
        broken[revision] = before.broken_by(after)
        before = after

    assert {revision: found for revision, found in broken.items() if found} == {}


def test_what_a_migration_may_not_do_is_found() -> None:
    before = Columns({"a": {"id", "x", "y"}, "b": {"id"}}, {"a": {"x"}, "b": set()})
    after = Columns({"a": {"id", "y", "z"}, "c": {"id", "w"}}, {"a": {"y", "z"}, "c": {"w"}})

    assert before.broken_by(before) == set()
    assert before.broken_by(after) == {"b is gone", "a.x is gone", "a.y is required", "a.z is required"}
