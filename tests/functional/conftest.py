"""Shared fixtures: a browser with scripts and one without, and a check that stored data do not change."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import Engine, Select, inspect
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.browser import Browser
from tests.support.own_redis import OwnRedis, own_redis
from tests.support.state import nothing_changes


class Store(Session):
    """A session whose rows stay readable after a commit. So reading an id opens no transaction, which on
    SQLite could not write after the app has written."""

    def commit(self) -> None:
        for row in self:
            if inspect(row).expired:
                self.refresh(row)
        super().commit()


@pytest.fixture
def store(engine: Engine) -> Iterator[Session]:
    """For making rows; the app sees what it commits."""
    with Store(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def stored(engine: Engine) -> Callable[[Select[Any]], list[Any]]:
    """For checks: the current result of a query."""

    def look_up(query: Select[Any]) -> list[Any]:
        with Session(engine) as session:
            return list(session.execute(query).unique().scalars())

    return look_up


@pytest.fixture(params=[False, True], ids=["plain", "htmx"])
def anyone(admin: Browser, request: pytest.FixtureRequest) -> Browser:
    """The admin, once without scripts and once with them: the test is the same."""
    admin.javascript = request.param
    return admin


@pytest.fixture
def scripted(admin: Browser) -> Browser:
    """The admin, with scripts."""
    admin.javascript = True
    return admin


@pytest.fixture
def elsewhere(store: Session) -> World:
    """The workspace of another account."""
    return new_world(store, name="Elsewhere")


@pytest.fixture
def unchanged(engine: Engine) -> Callable[[], AbstractContextManager[None]]:
    """`with unchanged():` nothing that is stored changes inside the block."""
    return lambda: nothing_changes(engine)


@pytest.fixture(scope="session")
def ill_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    """A Redis beside the one of all tests, to be made ill."""
    with own_redis(tmp_path_factory.mktemp("ill-redis")) as ill_redis:
        yield ill_redis
