"""An export on committed rows, in a world of the test's own."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.exporting import Exporting
from webapp.worker.redis_lock import RedisLock


@pytest.fixture
def exporting(store: Session, world: World, lock: RedisLock) -> Exporting:
    return Exporting(store, world, lock)
