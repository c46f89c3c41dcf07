"""What the faults happen to: a deployment of the test file's own, on either database."""

from collections.abc import Iterator

import pytest

from tests.support.house import House, new_house
from webapp.local_services import private_redis


@pytest.fixture(scope="module")
def house(environ: dict[str, str]) -> Iterator[House]:
    """A database and a Redis of the file's own, with no worker yet."""
    with new_house(environ) as house, private_redis(house.folder):
        yield house
