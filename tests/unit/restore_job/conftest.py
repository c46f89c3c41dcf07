"""A restore job on committed rows, in a world of the test's own, so that other connections see them."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.worker.redis_lock import RedisLock


@pytest.fixture
def restoring(store: Session, world: World, lock: RedisLock) -> Restoring:
    return Restoring(store, world, lock)
