"""The protocol is proved on committed rows, in a world of the test's own: others look at them meanwhile."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.jobs.lease import RedisLease


@pytest.fixture
def restoring(store: Session, world: World, lease: RedisLease) -> Restoring:
    return Restoring(store, world, lease)


@pytest.fixture
def other(engine: Engine) -> Iterator[Session]:
    """A second connection: what another process sees and does."""
    with Session(engine) as session:
        yield session
