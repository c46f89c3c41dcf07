"""Password guessing is limited, and successful sign-ins are not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.factories.people import World, number
from tests.support.another_app import another_app, unused_redis_url
from tests.support.browser import Browser

# One database is enough for this.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]


@pytest.fixture(params=["redis", "redis away"])
def limited(
    environ: dict[str, str], app: Flask, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """An app with the limit on; without Redis the limiter counts in memory."""
    changed = {} if request.param == "redis" else {"REDIS_URL": unused_redis_url(tmp_path)}
    with another_app(environ, **changed) as limited:
        yield limited


@pytest.fixture
def stranger(limited: Flask) -> Browser:
    browser = Browser(limited)
    # Other tests must not count here: this test has its own address.
    browser.client.environ_base["REMOTE_ADDR"] = f"10.{number()}"
    return browser


def test_the_21st_failed_sign_in_within_a_minute_is_refused(stranger: Browser, world: World) -> None:
    answers = [stranger.sign_in(world.admin.email, "wrong").status for _ in range(20)]
    assert answers == [422] * 20

    refused = stranger.sign_in(world.admin.email, "wrong")

    assert refused.status == 429
    assert "Wait a minute, then try again." in refused.text
    assert refused.button("Go to sign-in")["href"] == "/login", "no one signs in"
    assert stranger.sign_in(world.admin.email).status == 429, "the right password is limited as well"


def test_other_addresses_may_still_sign_in(stranger: Browser, world: World, limited: Flask) -> None:
    for _ in range(21):
        stranger.sign_in(world.admin.email, "wrong")

    other = Browser(limited)
    other.client.environ_base["REMOTE_ADDR"] = f"11.{number()}"

    assert other.sign_in(world.admin.email).path == "/contacts"


def test_successful_sign_ins_are_never_limited(stranger: Browser, world: World) -> None:
    for _ in range(22):
        stranger.enter(world.admin.email)
        stranger.client.delete_cookie("session")
