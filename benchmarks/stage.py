"""The stage of the bench: filled databases, copies of them, and the app with its processes on one."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine

from benchmarks.fill import Size, fill
from tests.factories.people import World
from tests.support.databases import new_cluster
from tests.support.processes import WorkerProcess, worker_process
from tests.support.web import WebProcess, web_process
from webapp import create_app
from webapp.extensions import db
from webapp.local_services import private_redis
from webapp.worker.services import Services, services

# The settings of a managed PostgreSQL with 4 GB of memory, which the wheel does not have.
SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
}


class Databases:
    """Makes databases of one kind: filled once, and copied for each measurement."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self._folder = folder
        self.server = server
        self._count = 0

    @property
    def kind(self) -> str:
        return "sqlite" if self.server is None else "postgresql"

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of an empty database."""
        with self._new(None) as url:
            yield url

    @contextmanager
    def copy(self, url: str) -> Iterator[str]:
        """The URL of a copy of the database at `url`, which must not be in use while it is copied."""
        with self._new(url) as copied:
            yield copied

    @contextmanager
    def _new(self, original: str | None) -> Iterator[str]:
        self._count += 1
        name = f"bench_{self._count}"
        if self.server is None:
            file = self._folder / f"{name}.db"
            if original is not None:
                shutil.copy(original.removeprefix("sqlite:///"), file)
            yield f"sqlite:///{file}"
            for path in self._folder.glob(f"{name}.db*"):
                path.unlink()
            return
        made = f"CREATE DATABASE {name}"
        if original is not None:
            made += f" TEMPLATE {urlsplit(original).path[1:]} STRATEGY file_copy"
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(made)
            connection.execute("CHECKPOINT")
        yield urlunsplit(urlsplit(self.server)._replace(path=f"/{name}"))
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def databases(kind: str, **settings: str) -> Iterator[Databases]:
    """Databases of this kind, in a folder or a server that is removed afterwards; the server has these
    settings, too."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="restore-bench-") as folder:
            yield Databases(Path(folder), None)
        return
    with new_cluster() as cluster:
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            for name, value in (SETTINGS | settings).items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        cluster.restart()
        yield Databases(Path(), cluster.url)


@dataclass
class Stage:
    """A deployment on one database: the app in this process, and the processes that are started."""

    app: Flask
    environ: dict[str, str]
    folder: Path
    engine: Engine
    services: Services
    _logs: list[Path] = field(default_factory=list)

    def worker(self) -> AbstractContextManager[WorkerProcess]:
        """A `worker.py` as it is deployed."""
        return worker_process(self.environ, self._log())

    def web(self, app: str = "webapp:create_app()") -> AbstractContextManager[WebProcess]:
        """A web server with the processes and threads it is deployed with."""
        return web_process(self.environ, self._log(), processes=2, threads=8, app=app)

    def _log(self) -> Path:
        self._logs.append(self.folder / f"{len(self._logs)}.log")
        return self._logs[-1]


@contextmanager
def stage(url: str) -> Iterator[Stage]:
    """The app on the database at `url`, with a Redis of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="restore-stage-") as name,
        private_redis(Path(name)) as redis,
    ):
        environ = {
            "DATABASE_URL": url,
            "REDIS_URL": redis,
            "SECRET_KEY": "for the bench only",
            "LOG_LEVEL": "WARNING",
        }
        app = create_app(environ)
        app.config["THROTTLED"] = False
        with app.app_context():
            here = Stage(app, environ, Path(name), db.engine, services())
        # Outside the context: each request of a test client makes its own, as in a server.
        try:
            yield here
        finally:
            here.engine.dispose()


@contextmanager
def filled(made: Databases, size: Size) -> Iterator[tuple[str, World]]:
    """A database with one workspace of this size, to be copied, and the workspace."""
    with made.empty() as url:
        with stage(url) as here:
            with here.app.app_context():
                upgrade()
            world = fill(here.engine, size)
        yield url, world
