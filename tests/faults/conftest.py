"""The deployment of a test file, on both databases."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.deployment import Deployment, new_deployment
from webapp.local_services import private_redis
from webapp.models import User


@pytest.fixture(scope="module")
def deployment(environ: dict[str, str]) -> Iterator[Deployment]:
    """A deployment with its own database and Redis, without a worker yet."""
    with new_deployment(environ) as deployment, private_redis(deployment.folder):
        yield deployment


@pytest.fixture(scope="module")
def web(deployment: Deployment) -> Iterator[Flask]:
    """The web of the deployment."""
    with another_app(deployment.environ) as web:
        # All tests sign in from one address.
        web.config["THROTTLED"] = False
        yield web


@pytest.fixture
def enter(web: Flask) -> Callable[[User], Browser]:
    """`enter(user)`: a browser with a session on the web of the deployment."""
    return lambda user: Browser(web, user)
