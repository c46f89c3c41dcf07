"""A delete job in one transaction that is rolled back: world, dialog, job and all."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.deleting import Deleting
from webapp.worker.redis_lock import RedisLock


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


@pytest.fixture
def deleting(session: Session, world: World, lock: RedisLock) -> Deleting:
    return Deleting(session, world, lock)
