"""The rules run in one transaction that is rolled back: world, question, job and all."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.restoring import Restoring
from webapp import time_limits
from webapp.worker.redis_lock import RedisLock


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


@pytest.fixture
def restoring(session: Session, world: World, lock: RedisLock) -> Restoring:
    return Restoring(session, world, lock)


@pytest.fixture
def steps(session: Session, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many hundreds of steps SQLite has made inside of time limits: it asks after each hundred whether to
    go on. No machine's speed changes them."""
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL counts no steps")
    asked = 0

    def are_up(_: time_limits.Deadlines) -> bool:
        nonlocal asked
        asked += 1
        return False

    monkeypatch.setattr(time_limits, "STEPS", 100)
    monkeypatch.setattr(time_limits.Deadlines, "are_up", are_up)
    return lambda: asked
