"""Automations and campaigns, in one transaction that is rolled back, at times of the test's choosing."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.marketing import Marketing


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


@pytest.fixture
def marketing(session: Session, world: World) -> Marketing:
    return Marketing(session, world)
