"""Password guessing is limited, whatever the state of Redis; successful sign-ins are not."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories.people import World, number
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.own_redis import AWAY, ILLNESSES, WELL, OwnRedis


@pytest.fixture(params=[WELL, AWAY, *ILLNESSES])
def limited(
    environ: dict[str, str], app: Flask, ill_redis: OwnRedis, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """An app with the limit on, in each state of its Redis."""
    with ill_redis.state(request.param) as url, another_app(environ, REDIS_URL=url) as limited:
        yield limited


@pytest.fixture
def healthy(environ: dict[str, str], app: Flask, ill_redis: OwnRedis) -> Iterator[Flask]:
    """An app with the limit on, whose Redis a test makes ill itself."""
    with ill_redis.state(WELL) as url, another_app(environ, REDIS_URL=url) as healthy:
        yield healthy


def stranger(app: Flask) -> Browser:
    """A browser with an address of its own, because other tests must not count."""
    browser = Browser(app)
    browser.client.environ_base["REMOTE_ADDR"] = f"10.{number()}"
    return browser


def fail(browser: Browser, world: World, times: int) -> list[int]:
    form = browser.get("/login")
    return [
        browser.submit(form, "main form", email=world.admin.email, password="wrong").status
        for _ in range(times)
    ]


def test_the_21st_failed_sign_in_within_a_minute_is_refused(limited: Flask, world: World) -> None:
    browser = stranger(limited)
    assert fail(browser, world, 20) == [422] * 20

    refused = browser.sign_in(world.admin.email, "wrong")

    assert refused.status == 429
    assert "Wait a minute, then try again." in refused.text
    assert refused.button("Go to sign-in")["href"] == "/login", "no one signs in"
    assert browser.sign_in(world.admin.email).status == 429, "the right password is limited as well"
    assert stranger(limited).sign_in(world.admin.email).path == "/contacts", "other addresses are not"


@pytest.mark.parametrize("limited", [WELL, AWAY], indirect=True)
def test_successful_sign_ins_are_never_limited(limited: Flask, world: World) -> None:
    browser = stranger(limited)
    for _ in range(22):
        browser.enter(world.admin.email)
        browser.client.delete_cookie("session")


@pytest.mark.parametrize("illness", ILLNESSES)
def test_attempts_before_during_and_after_an_illness_of_redis_add_up(
    illness: str, healthy: Flask, ill_redis: OwnRedis, world: World
) -> None:
    """And each is counted in Redis again as soon as it recovers."""
    browser, other = stranger(healthy), stranger(healthy)
    assert fail(browser, world, 7) == [422] * 7
    with ill_redis.state(illness):
        assert fail(browser, world, 7) == [422] * 7
    assert fail(browser, world, 7) == [422] * 6 + [429]

    before = set(ill_redis.redis.keys("LIMITS*"))
    fail(other, world, 1)
    [counted] = set(ill_redis.redis.keys("LIMITS*")) - before
    assert ill_redis.redis.get(counted) == b"1"


def test_a_connection_that_redis_has_cut_costs_no_attempt(
    healthy: Flask, ill_redis: OwnRedis, world: World
) -> None:
    """As after a restart, or after a time-out for idle clients."""
    browser = stranger(healthy)
    for _ in range(20):
        ill_redis.cut_connections()
        assert fail(browser, world, 1) == [422]

    ill_redis.cut_connections()

    assert fail(browser, world, 1) == [429]
