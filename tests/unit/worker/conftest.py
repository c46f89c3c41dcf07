"""Worker tests on committed rows, in a world of the test's own."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.worker.redis_lock import RedisLock


@pytest.fixture
def restoring(store: Session, world: World, lock: RedisLock) -> Restoring:
    return Restoring(store, world, lock)
