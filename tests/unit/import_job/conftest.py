"""An import on committed rows, in a world of the test's own, so that other connections see them."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.importing import Importing
from webapp.worker.redis_lock import RedisLock


@pytest.fixture
def importing(store: Session, world: World, lock: RedisLock) -> Importing:
    return Importing(store, world, lock)
