"""The real schema of a database, and an app on its own database to change it in."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import Connection, Engine, text

from tests.support.databases import new_database
from webapp import create_app
from webapp.extensions import db

PG_CONSTRAINTS = """
    SELECT conrelid::regclass::text || ': ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
"""
PG_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
PG_COLUMNS = """
    SELECT table_name || '.' || column_name || ' ' || data_type || ' '
           || coalesce(character_maximum_length, numeric_precision, 0) || ' ' || is_nullable || ' '
           || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public'
"""
# SQLite's own tables, such as its statistics, are left out.
SQLITE_OBJECTS = (
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type = '{}' AND name NOT LIKE 'sqlite%'"
)


@contextmanager
def app_on_a_new_database(environ: dict[str, str], options: str = "") -> Iterator[Flask]:
    """The app on an empty database beside the tests' own, of the same kind. `options` are those of
    PostgreSQL's CREATE DATABASE."""
    url = environ["DATABASE_URL"]
    with tempfile.TemporaryDirectory() as folder:
        if url.startswith("sqlite"):
            with _app_on(f"sqlite:///{Path(folder) / 'scratch.db'}", environ) as app:
                yield app
        else:
            with new_database(url, options) as scratch, _app_on(scratch, environ) as app:
                yield app


@contextmanager
def _app_on(url: str, environ: dict[str, str]) -> Iterator[Flask]:
    app = create_app(environ | {"DATABASE_URL": url})
    try:
        with app.app_context():
            yield app
    finally:
        with app.app_context():
            db.engine.dispose()


def indexes(connection: Connection) -> set[str]:
    """Each index as the database describes it: name, columns, uniqueness, condition, operator class."""
    if connection.dialect.name == "sqlite":
        return _plain(connection, SQLITE_OBJECTS.format("index"))
    return _plain(connection, PG_INDEXES)


def tables(connection: Connection) -> set[str]:
    """Each column and constraint as the database describes it, unordered."""
    if connection.dialect.name == "sqlite":
        statements = _plain(connection, SQLITE_OBJECTS.format("table"))
        return {line for statement in statements for line in _lines(statement)}
    return _plain(connection, PG_COLUMNS) | _plain(connection, PG_CONSTRAINTS)


def _plain(connection: Connection, query: str) -> set[str]:
    return {
        " ".join(row.split())
        for row in connection.scalars(text(query))
        if "alembic_version" not in row and "sqlite_sequence" not in row
    }


def _lines(statement: str) -> set[str]:
    """ "TABLE: column or constraint" for each of a CREATE TABLE's lines, unordered.

    A name means the same with quotes and without.
    """
    head, body = statement.replace('"', "").split("(", 1)
    table = head.removeprefix("CREATE TABLE ").strip()
    body, options = body.rsplit(")", 1)
    # A comma inside parentheses does not separate.
    parts = re.split(r",\s*(?![^()]*(?:\([^()]*\)[^()]*)*\))", body)
    return {f"{table}: {' '.join(part.split())}" for part in parts} | {f"{table}: {options.strip()}"}


def is_whole(engine: Engine) -> bool:
    """Whether every foreign key refers to a row; PostgreSQL always guarantees it."""
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        return not connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
