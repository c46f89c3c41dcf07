"""The model's business is committed once; each example is rolled back."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world


@pytest.fixture
def world(store: Session) -> World:
    return new_world(store, timezone="Europe/Berlin")
