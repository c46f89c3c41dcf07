"""The rules run in one transaction that is rolled back."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.purging import Belongings
from tests.support.restoring import Restoring
from webapp.worker.redis_lock import RedisLock


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


@pytest.fixture
def belongings(session: Session, world: World) -> Belongings:
    return Belongings(session, world)


@pytest.fixture
def restoring(session: Session, world: World, lock: RedisLock) -> Restoring:
    return Restoring(session, world, lock)
