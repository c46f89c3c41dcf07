"""Models and migrations agree, on both databases, indexes included; a filled database survives an upgrade."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.orm import Session

from tests.conftest import DATABASES
from tests.factories.contacts import delete, new_contact, new_deal, new_list, new_tag, put_tag, subscribe
from tests.factories.people import new_world
from webapp import create_app
from webapp.extensions import db
from webapp.models import Base, Contact, DealContact, Subscription

# What each database says of its own indexes: every clause of the definition, in its own words.
DEFINITIONS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}
RESERVED = {"user", "group"}

# A migration that makes SQLite rebuild a table to which others refer, with a cascade.
REBUILD = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "0001"


def upgrade():
    with op.batch_alter_table("contact", recreate="auto") as contact:
        contact.alter_column("phone", type_=sa.String(60), existing_nullable=False)


def downgrade():
    pass
"""


@pytest.fixture(params=sorted(DATABASES))
def empty(request: pytest.FixtureRequest, redis_url: str) -> Iterator[Flask]:
    """The app on a database without any table."""
    with DATABASES[request.param]() as url:
        app = create_app(
            {"DATABASE_URL": url, "REDIS_URL": redis_url, "SECRET_KEY": "test", "LOG_LEVEL": "ERROR"}
        )
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


def definitions(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(text(DEFINITIONS[engine.dialect.name])).all()
    return {name: " ".join(sql.replace('"', "").split()) for name, sql in rows if "alembic" not in name}


def test_the_migrations_make_the_tables_that_the_models_describe(app: Flask, engine: Engine) -> None:
    def relevant(_item: object, name: str, kind: str, _reflected: bool, _other: object) -> bool:
        return not (kind == "index" and name == "ix_contact_search_text")

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": relevant}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_make_the_indexes_that_the_models_describe(empty: Flask) -> None:
    upgrade()
    migrated = definitions(db.engine)
    downgrade(revision="base")
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    Base.metadata.create_all(db.engine)
    assert migrated == definitions(db.engine)
    assert any("WHERE" in definition for definition in migrated.values())


def test_going_back_leaves_nothing_and_going_forth_again_works(empty: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    upgrade()
    assert "contact" in inspect(db.engine).get_table_names()


def test_no_table_bears_a_reserved_name() -> None:
    assert not RESERVED & set(Base.metadata.tables)


@contextmanager
def next_migration(app: Flask, tmp_path: Path, body: str) -> Iterator[str]:
    """The project's migrations, followed by one more; yields their folder."""
    project = Path(app.root_path).parent / "migrations"
    for file in project.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            copy = tmp_path / file.relative_to(project)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    (tmp_path / "versions" / "9999_next.py").write_text(body)
    yield str(tmp_path)


def fill(session: Session) -> None:
    world = new_world(session)
    ann, bob = new_contact(session, world), new_contact(session, world)
    subscribe(session, ann, new_list(session, world), "bounced")
    put_tag(session, ann, new_tag(session, world))
    new_deal(session, world, ann, bob)
    delete(session, world, bob)
    session.commit()


def test_a_filled_database_is_upgraded_without_losing_a_row(empty: Flask, tmp_path: Path) -> None:
    upgrade()
    with Session(db.engine) as session:
        fill(session)
    with next_migration(empty, tmp_path, REBUILD) as folder:
        upgrade(directory=folder)
    with Session(db.engine) as session:
        assert len(session.scalars(select(Contact)).all()) == 2
        assert [row.status for row in session.scalars(select(Subscription))] == ["bounced"]
        assert len(session.scalars(select(DealContact)).all()) == 2
    assert definitions(db.engine).keys() >= {"ix_contact_bin", "uq_contact_live_email"}


def test_a_migration_that_would_orphan_rows_changes_nothing(empty: Flask, tmp_path: Path) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps its foreign keys on while migrating")
    upgrade()
    with Session(db.engine) as session:
        fill(session)
    orphaning = REBUILD.replace("    with op", '    op.execute("DELETE FROM mailing_list")\n    with op')
    with next_migration(empty, tmp_path, orphaning) as folder, pytest.raises(SystemExit):
        upgrade(directory=folder)
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM mailing_list")) == 1
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"
