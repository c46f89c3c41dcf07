"""What the stories share: a browser with scripts and one without, and a watch over all that is stored."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.browser import Browser
from tests.support.state import nothing_changes


@pytest.fixture(params=[False, True], ids=["plain", "htmx"])
def anyone(admin: Browser, request: pytest.FixtureRequest) -> Browser:
    """The admin, once without scripts and once with them: the story is the same."""
    admin.javascript = request.param
    return admin


@pytest.fixture
def scripted(admin: Browser) -> Browser:
    """The admin, with scripts."""
    admin.javascript = True
    return admin


@pytest.fixture
def elsewhere(store: Session) -> World:
    """Another customer's workspace."""
    return new_world(store, name="Elsewhere")


@pytest.fixture
def unchanged(engine: Engine) -> Callable[[], AbstractContextManager[None]]:
    """`with unchanged():` nothing that is stored changes meanwhile."""
    return lambda: nothing_changes(engine)
