"""Law: a migration on PostgreSQL makes no reader and no writer wait for longer than it may wait itself, is in
no deadlock with them, and can be killed and run again (webapp/migrating.py, docs/adr/0045)."""

import re
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import upgrade
from sqlalchemy import Engine, event, inspect, make_url, text

from tests.laws.test_upgrades import FIRST
from tests.support.locks import Step, Transaction, recorded
from tests.support.processes import wait_until
from tests.support.schema import app_on_a_new_database, indexes, tables
from webapp import migrating
from webapp.extensions import db

# SQLite has one writer, and all migrations in one transaction.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session"),
]

# Tables with so few rows that reading all of them takes a moment.
SMALL = {"workspace", "app_user", "user_group", "group_membership"}
# What changes the catalogue only, whatever the table has. A constraint is checked row by row: on a table of
# this migration there are none yet.
QUICK = re.compile(
    r"ALTER TABLE \w+ (ADD COLUMN|ALTER COLUMN \w+ (DROP NOT NULL|SET DEFAULT|DROP DEFAULT)|ENABLE ALWAYS)"
    r"|ALTER TABLE \w+ ADD CONSTRAINT .* NOT VALID$"
    r"|CREATE (TABLE|TRIGGER|FUNCTION) |(UPDATE|INSERT INTO) alembic_version "
)
CONSTRAINT = re.compile(r"ALTER TABLE (\w+) ADD CONSTRAINT ")
# What locks no table against readers and writers, and so may be a transaction of its own.
BESIDE_OTHERS = re.compile(r"(CREATE|DROP) INDEX CONCURRENTLY |ALTER INDEX \w+ RENAME |SET lock_timeout ")


def findings(transactions: list[Transaction], in_use: set[str]) -> set[str]:
    """What a migration did and may not do."""
    found = set()
    for transaction in transactions:
        first: dict[str, str] = {}
        for step in transaction.steps:
            if step.autocommit:
                if not BESIDE_OTHERS.match(step.statement):
                    found.add(f"may lock a table for as long as it takes: {step.statement}")
                continue
            for table, mode in step.held.items():
                if first.setdefault(table, mode) != mode:
                    found.add(f"takes a stronger lock on {table}: {step.statement}")
            constraint = CONSTRAINT.match(step.statement)
            is_quick = QUICK.match(step.statement) or (constraint and constraint[1] not in in_use)
            if step.held.keys() - SMALL and not is_quick:
                found.add(f"keeps {min(step.held)} locked meanwhile: {step.statement}")
        if len(first) > 1:
            found.add(f"locks {' and '.join(sorted(first))} in one transaction")
    return found


@pytest.fixture(scope="module")
def earlier(environ: dict[str, str]) -> Iterator[str]:
    """The URL of a database as FIRST left it, with rows in what is filled later; nothing is connected."""
    with app_on_a_new_database(environ):
        upgrade(revision=FIRST)
        with db.engine.begin() as connection:
            for statement in (
                "INSERT INTO workspace (id, name, timezone) VALUES (1, 'W', 'UTC')",
                "INSERT INTO app_user (id, workspace_id, email, name, password_hash, is_active)"
                " VALUES (1, 1, 'ann@example.com', 'Ann', '!', true)",
                "INSERT INTO deal (id, workspace_id, title, value, currency, stage, status)"
                " SELECT n, 1, 'Deal ' || n, 1, 'USD', '', 'open' FROM generate_series(1, 3) AS n",
            ):
                connection.execute(text(statement))
        db.engine.dispose()
        yield db.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def scratch(environ: dict[str, str], earlier: str) -> Iterator[Flask]:
    """The app on a copy of it."""
    template = make_url(earlier).database
    with app_on_a_new_database(environ, options=f"TEMPLATE {template}") as app:
        # This ends a test in which something waits for ever.
        with db.engine.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {db.engine.url.database} SET statement_timeout = '20s'"))
        db.engine.dispose()
        yield app


def files() -> dict[str, int]:
    """The file of each table: a table that is written anew has another one."""
    query = (
        "SELECT relname, relfilenode FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    with db.engine.connect() as connection:
        return {row.relname: row.relfilenode for row in connection.execute(text(query))}


def rows(query: str) -> list[Any]:
    with db.engine.connect() as connection:
        return list(connection.scalars(text(query)))


def test_each_transaction_of_a_migration_locks_one_table_and_for_a_moment(scratch: Flask) -> None:
    scripts = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    later = [script.revision for script in scripts.iterate_revisions("heads", FIRST)][::-1]
    locked, broken = set(), {}
    for revision in later:
        before = files()
        in_use = before.keys() - {"alembic_version"}
        with recorded(db.engine, in_use) as transactions:
            upgrade(revision=revision)
        locked |= {table for one in transactions for step in one.steps for table in step.held}
        after = files()
        rewritten = {f"{name} is written anew" for name in in_use if before[name] != after[name]}
        broken[revision] = findings(transactions, in_use) | rewritten

    assert {"app_user", "audit_event", "deal"} <= locked, "the locks are seen"
    assert {revision: found for revision, found in broken.items() if found} == {}


def test_what_a_migration_may_not_do_is_found() -> None:
    def transaction(*steps: tuple[str, dict[str, str]]) -> list[Transaction]:
        return [Transaction([Step(statement, held, autocommit=False) for statement, held in steps])]

    all_of_it, writers = "AccessExclusiveLock", "ShareRowExclusiveLock"
    add = "ALTER TABLE {} ADD COLUMN x INTEGER".format
    refer = "ALTER TABLE {} ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES deal (id)".format

    def found(*steps: tuple[str, dict[str, str]]) -> set[str]:
        return findings(transaction(*steps), {"deal", "tag", "app_user"})

    assert found((add("deal"), {"deal": all_of_it}), (refer("new"), {"deal": all_of_it})) == set()
    assert found(("CREATE INDEX i ON app_user (x)", {"app_user": "ShareLock"})) == set()
    for steps in (
        [(add("deal"), {"deal": all_of_it}), (add("tag"), {"deal": all_of_it, "tag": all_of_it})],
        [("CREATE TABLE new ()", {"deal": writers}), (add("deal"), {"deal": all_of_it})],
        [("CREATE INDEX i ON deal (x)", {"deal": "ShareLock"})],
        [(refer("tag"), {"tag": all_of_it})],
        [(add("deal"), {"deal": all_of_it}), ("UPDATE deal SET x = 1", {"deal": all_of_it})],
        [("ALTER TABLE deal ALTER COLUMN x TYPE BIGINT", {"deal": all_of_it})],
    ):
        assert len(found(*steps)) == 1, steps
    alone = [Transaction([Step(add("deal"), {}, autocommit=True)])]
    assert len(findings(alone, {"deal"})) == 1


def waits_for(table: str) -> bool:
    """Whether a transaction is in the line for a lock on the table."""
    return bool(
        rows(
            "SELECT 1 FROM pg_locks WHERE NOT granted"
            f" AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            f" AND relation = '{table}'::regclass"
        )
    )


def test_a_migration_that_waits_lets_readers_pass_and_holds_nothing_that_others_need(
    scratch: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "LOCK_SECONDS", 0.2)
    monkeypatch.setattr(migrating, "PAUSE_SECONDS", 0.02)
    failed: list[BaseException] = []

    def migrate() -> None:
        try:
            with scratch.app_context():
                upgrade()
        except BaseException as error:
            failed.append(error)

    migration = Thread(target=migrate)
    with db.engine.connect() as writer, db.engine.connect() as reader:
        # A deletion: first its workspace, then what it writes.
        writer.execute(text("SELECT id FROM workspace FOR NO KEY UPDATE"))
        migration.start()
        wait_until(lambda: waits_for("workspace") or failed)
        # A page.
        reader.execute(text("SELECT id FROM workspace"))
        reader.rollback()
        for table in ("app_user", "audit_event", "restore_job", "deal"):
            writer.execute(text(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"))
        writer.commit()
    migration.join()

    assert failed == []
    assert rows("SELECT email FROM person") == ["ann@example.com"]
    # What goes back to the pool waits as long as it did before.
    assert rows("SHOW lock_timeout") == ["0"]


class Killed(Exception):
    """The process is gone before it could send its next statement."""


def test_a_migration_that_is_killed_after_any_of_its_commits_can_be_run_again(
    scratch: Flask, engine: Engine
) -> None:
    """What it had not committed is rolled back by the database."""
    committed, allowed = 0, 0

    def count(*_: Any) -> None:
        nonlocal committed
        committed += 1
        if committed > allowed:
            raise Killed

    def count_alone(_connection: Any, cursor: Any, *_: Any) -> None:
        if cursor.connection.autocommit:
            count()

    event.listen(db.engine, "begin", count)
    event.listen(db.engine, "before_cursor_execute", count_alone)
    while committed >= allowed:
        committed, allowed = 0, allowed + 1
        with suppress(Killed):
            upgrade()
    event.remove(db.engine, "begin", count)
    event.remove(db.engine, "before_cursor_execute", count_alone)

    assert allowed > 20
    assert rows("SELECT email FROM person JOIN app_user USING (email) WHERE person_id = person.id") == [
        "ann@example.com"
    ]
    assert rows("SELECT deal_id FROM deal_search JOIN deal ON deal.id = deal_id ORDER BY deal_id") == [
        1,
        2,
        3,
    ]
    assert set(inspect(db.engine).get_table_names()) == set(inspect(engine).get_table_names())
    with db.engine.connect() as this, engine.connect() as whole:
        assert tables(this) == tables(whole)
        assert indexes(this) == indexes(whole)


def test_a_migration_gives_up_when_a_table_stays_in_use(
    scratch: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(migrating, "LOCK_SECONDS", 0.01)
    monkeypatch.setattr(migrating, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(migrating, "TRIES", 2)
    with db.engine.connect() as backup:
        backup.execute(text("SELECT id FROM workspace"))

        with pytest.raises(SystemExit):
            upgrade()

    assert rows("SELECT version_num FROM alembic_version") == [FIRST]
    assert "ALTER TABLE workspace ADD COLUMN" in caplog.text
