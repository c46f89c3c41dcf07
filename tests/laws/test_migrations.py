"""Migrations create what the models declare, on both databases, and lose no row of a filled one."""

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from flask import Flask, current_app
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, func, inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_contacts,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import new_world
from tests.support.restoring import Restoring
from tests.support.schema import app_on_a_new_database, indexes, is_whole, tables
from webapp.extensions import db
from webapp.models import Base, Deal, NoticeSeen
from webapp.worker.services import services

HERE = Path(__file__).parent.parent.parent / "migrations"

REBUILD = '''
"""Rebuild the table that most others refer to."""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "rebuild", {head!r}


def upgrade() -> None:
    with op.batch_alter_table(
        "contact", recreate="auto", table_kwargs={{"sqlite_autoincrement": True}}
    ) as contact:
        contact.add_column(sa.Column("nickname", sa.String(40), nullable=True))
        contact.alter_column("phone", existing_type=sa.String(40), type_=sa.String(60), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("contact", table_kwargs={{"sqlite_autoincrement": True}}) as contact:
        contact.alter_column("phone", existing_type=sa.String(60), type_=sa.String(40), nullable=False)
        contact.drop_column("nickname")
'''

ORPHAN = '''
"""Forget the lists, and with them what subscriptions refer to."""
from alembic import op

revision, down_revision = "orphan", {head!r}


def upgrade() -> None:
    op.execute("DELETE FROM mailing_list")
'''


@pytest.fixture
def scratch(environ: dict[str, str]) -> Iterator[Flask]:
    """The app on an empty database of its own, its context up."""
    with app_on_a_new_database(environ) as app:
        yield app


def with_one_more(migration: str, folder: Path) -> str:
    """A copy of the migrations that ends with `migration`."""
    copy = folder / "migrations"
    shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "versions" / "one_more.py").write_text(migration.format(head=head()))
    return str(copy)


def head() -> str:
    with db.engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def fill() -> None:
    """At least one row in each table that a restore uses."""
    with Session(db.engine) as session:
        world = new_world(session)
        contacts = new_contacts(session, world, 5)
        contacts.append(new_contact(session, world, account=new_account(session, world)))
        for contact in contacts:
            subscribe(session, contact, new_list(session, world), "subscribed")
            put_tag(session, contact, new_tag(session, world))
        new_deal(session, world, *contacts)
        delete(session, world, *contacts[:3])
        restoring = Restoring(session, world, services().lock)
        restoring.restore(*contacts[:2])


def row_counts() -> dict[str, int]:
    with db.engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(text(name))) or 0
            for name in Base.metadata.tables
        }


def schema(engine: Engine) -> tuple[set[str], set[str]]:
    with engine.connect() as connection:
        return tables(connection), indexes(connection)


def test_the_models_need_no_further_migration(app: Flask) -> None:
    """Alembic compares models and database under env.py's own rules; it raises where they differ."""
    with app.app_context():
        command.check(current_app.extensions["migrate"].migrate.get_config())


def test_tables_and_indexes_are_defined_as_in_the_models(engine: Engine, scratch: Flask) -> None:
    """Alembic sees neither conditions of indexes nor names and texts of constraints: the databases do."""
    with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("CREATE EXTENSION pg_trgm"))
        Base.metadata.create_all(connection)

    in_models, in_migrations = schema(db.engine), schema(engine)

    assert in_migrations[1] == in_models[1]
    assert in_migrations[0] == in_models[0]
    assert any("uq_restore_job_active" in index and "WHERE" in index for index in in_migrations[1])


def test_the_trigram_indexes_exist_on_postgresql_only(engine: Engine) -> None:
    trigrams = [index for index in schema(engine)[1] if "gin_trgm_ops" in index]

    assert len(trigrams) == (2 if engine.dialect.name == "postgresql" else 0)


def test_a_downgrade_and_an_upgrade_end_at_the_same_schema(scratch: Flask) -> None:
    upgrade()
    before = schema(db.engine)

    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
    upgrade()

    assert schema(db.engine) == before


def test_rebuilding_a_table_keeps_every_row_of_a_filled_database(scratch: Flask, tmp_path: Path) -> None:
    upgrade()
    fill()
    rows, (_, indexed) = row_counts(), schema(db.engine)
    assert rows["subscription"] == rows["contact_tag"] == rows["contact_search"] == 6
    assert rows["restore_outcome"] == 2
    migrations = with_one_more(REBUILD, tmp_path)

    upgrade(directory=migrations)

    assert row_counts() == rows
    assert schema(db.engine)[1] == indexed
    assert is_whole(db.engine)
    assert "nickname" in {column["name"] for column in inspect(db.engine).get_columns("contact")}
    downgrade(directory=migrations)
    assert row_counts() == rows
    assert schema(db.engine)[1] == indexed


def test_foreign_keys_are_enabled_after_a_migration(scratch: Flask, tmp_path: Path) -> None:
    upgrade()
    fill()
    upgrade(directory=with_one_more(REBUILD, tmp_path))

    with Session(db.engine) as session, pytest.raises(IntegrityError):
        session.execute(text("DELETE FROM workspace"))


def test_a_migration_that_would_leave_orphans_is_rolled_back_completely(
    scratch: Flask, tmp_path: Path
) -> None:
    upgrade()
    fill()
    rows, revision = row_counts(), head()

    # Flask-Migrate turns a RuntimeError into the end of the command.
    with pytest.raises((SystemExit, IntegrityError)):
        upgrade(directory=with_one_more(ORPHAN, tmp_path))

    assert row_counts() == rows
    assert head() == revision
    with Session(db.engine) as session, pytest.raises(IntegrityError):
        session.execute(text("DELETE FROM workspace"))


def test_no_table_name_needs_quotes() -> None:
    names = set(Base.metadata.tables)

    assert {"app_user", "user_group"} <= names
    for dialect in (make_url(f"{name}://").get_dialect()() for name in ("postgresql+psycopg", "sqlite")):
        quote = dialect.identifier_preparer.quote
        assert {quote(name) for name in names} == names
        assert quote("user") != "user" or dialect.name == "sqlite"


def test_jobs_of_the_previous_release_come_through_the_migration_and_back(scratch: Flask) -> None:
    """Numbered by workspace; an active one keeps what its crashes have left out; none loses its columns, but
    for the sentence, which can name a person (migration 0009)."""
    upgrade(revision="0003")
    now = "2026-11-01 12:00:00"
    with db.engine.execution_options(writes=True).begin() as connection:
        for place in (1, 2):
            connection.execute(
                text("INSERT INTO workspace (id, name, timezone) VALUES (:id, 'W', 'UTC')"), {"id": place}
            )
            connection.execute(
                text(
                    "INSERT INTO app_user (id, workspace_id, email, name, password_hash, is_active)"
                    " VALUES (:id, :id, :email, 'Ann', '', true)"
                ),
                {"id": place, "email": f"{place}@example.com"},
            )
        for number, (workspace, state) in enumerate(((1, "done"), (2, "done"), (1, "running")), 1):
            connection.execute(
                text(
                    "INSERT INTO restore_job (id, uuid, workspace_id, requested_by, kind, scope, scope_hash,"
                    " scope_words, as_of, through_number, expected, idempotency_key, state, fence,"
                    " lease_until, rung_at, claims_since_progress, restored, skipped, failed, created_at,"
                    " finished_at) VALUES (:id, :key, :workspace, :workspace, 'ids', '{}', '', 'Words.',"
                    " :now, 1, 3, :key, :state, 1, :now, :now, 0, 2, 0, 1, :now, :ended)"
                ),
                {"id": number, "key": str(number), "workspace": workspace, "state": state, "now": now}
                | {"ended": now if state == "done" else None},
            )
        connection.execute(
            text(
                "INSERT INTO restore_outcome (job_id, contact_id, outcome, reason)"
                " VALUES (3, 7, 'failed', 'crashed')"
            )
        )
    before = _jobs("id, restored, failed, state, expected")

    upgrade()

    assert _jobs("id, job_kind, number, exclusive_group, left_out") == [
        (1, "restore", 1, "restore", 0),
        (2, "restore", 1, "restore", 0),
        (3, "restore", 2, "restore", 1),
    ]
    assert _jobs("id, restored, failed, state, expected") == before
    assert is_whole(db.engine)
    with Session(db.engine) as session:
        seen = select(NoticeSeen.user_id, NoticeSeen.kind, NoticeSeen.subject_id).order_by(NoticeSeen.user_id)
        assert session.execute(seen).all() == [(1, "job_ended", 1), (2, "job_ended", 2)], "no news"
    downgrade(revision="0003")
    assert _jobs("id, restored, failed, state, expected") == before


def test_amounts_come_through_the_migration_that_gives_them_more_decimals_and_back(scratch: Flask) -> None:
    upgrade(revision="0007")
    values = ["0", "12.34", "999999999999.99"]
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("INSERT INTO workspace (id, name, timezone) VALUES (1, 'W', 'UTC')"))
        for number, value in enumerate(values, 1):
            connection.execute(
                text(
                    "INSERT INTO deal (id, workspace_id, title, value, currency, stage, status)"
                    f" VALUES ({number}, 1, 'A deal', {value}, 'USD', '', 'open')"
                )
            )

    upgrade(revision="0008")

    with Session(db.engine) as session:
        assert list(session.scalars(select(Deal.value).order_by(Deal.id))) == [Decimal(v) for v in values]
    downgrade(revision="0007")
    with Session(db.engine) as session:
        assert list(session.scalars(select(Deal.value).order_by(Deal.id))) == [Decimal(v) for v in values]


def _jobs(columns: str) -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM restore_job ORDER BY id"))
        ]
