"""What the faults happen to: a deployment of the test file's own, on either database."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.house import House, new_house
from webapp.extensions import limiter
from webapp.local_services import private_redis
from webapp.models import User


@pytest.fixture(scope="module")
def house(environ: dict[str, str]) -> Iterator[House]:
    """A database and a Redis of the file's own, with no worker yet."""
    with new_house(environ) as house, private_redis(house.folder):
        yield house


@pytest.fixture(scope="module")
def web(house: House) -> Iterator[Flask]:
    """The pages of the house, served by an app of their own."""
    with another_app(house.environ) as web:
        # Everybody signs in from one address.
        limiter.enabled = False
        yield web


@pytest.fixture
def enter(web: Flask) -> Callable[[User], Browser]:
    """`enter(user)`: a browser that is signed in at the pages of the house."""
    return lambda user: Browser(web, user)
