"""Guessing passwords is limited, whatever the state of Redis. Signing in is not, and no stranger can lock a
colleague out of a browser that has signed in before."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, select

from tests.factories.people import PASSWORD, World, number
from tests.support.another_app import another_app
from tests.support.browser import TOKEN, Browser
from tests.support.own_redis import AWAY, ILLNESSES, WELL, OwnRedis
from tests.support.seen import Seen
from webapp.models import AuditEvent
from webapp.models.audit_event import Action


@pytest.fixture(params=[WELL, AWAY])
def limited(
    environ: dict[str, str], app: Flask, ill_redis: OwnRedis, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """An app with the limit on, with a Redis and without."""
    with ill_redis.state(request.param) as url, another_app(environ, REDIS_URL=url) as limited:
        yield limited


@pytest.fixture
def healthy(environ: dict[str, str], app: Flask, ill_redis: OwnRedis) -> Iterator[Flask]:
    """An app with the limit on, whose Redis a test makes ill itself."""
    with ill_redis.state(WELL) as url, another_app(environ, REDIS_URL=url) as healthy:
        yield healthy


def stranger(app: Flask, address: str = "") -> Browser:
    """A browser with an address of its own, because other tests must not count."""
    browser = Browser(app)
    browser.client.environ_base["REMOTE_ADDR"] = address or f"10.{number()}"
    return browser


def unknown() -> str:
    return f"unknown{number()}@example.com"


def guess(browser: Browser, times: int, email: str = "") -> list[int]:
    """The answers to so many wrong passwords: for one address, or each for another."""
    form = browser.get("/login")
    return [
        browser.submit(form, "main form", email=email or unknown(), password="wrong").status
        for _ in range(times)
    ]


def wait_of(refused: Seen) -> int:
    return int(refused.headers["Retry-After"])


def test_the_21st_failed_sign_in_from_a_network_within_a_minute_is_refused(
    limited: Flask, world: World
) -> None:
    browser = stranger(limited)
    assert guess(browser, 20) == [422] * 20

    refused = browser.sign_in(unknown(), "wrong")

    assert refused.status == 429
    assert 1 <= wait_of(refused) <= 60
    assert "Too many attempts. Wait a minute, then try again." in refused.text
    assert browser.sign_in(world.admin.email).status == 429, "the right password is limited as well"
    assert stranger(limited).sign_in(world.admin.email).path == "/contacts", "other networks are not"


def test_the_11th_failed_sign_in_with_an_address_is_refused_wherever_it_comes_from(
    healthy: Flask, world: World, stored: Callable[[Select[Any]], list[Any]]
) -> None:
    """Whether or not someone has the address."""
    for email in (unknown(), world.admin.email):
        assert [guess(stranger(healthy), 1, email)[0] for _ in range(10)] == [422] * 10
        for password in ("wrong", PASSWORD):
            refused = stranger(healthy).sign_in(email, password)
            assert refused.status == 429
            assert 60 < wait_of(refused) <= 600
            assert "Too many attempts. Wait 10 minutes, then try again." in refused.text
    assert stranger(healthy).sign_in(world.member.email).path == "/contacts", "other addresses are not"
    events = select(AuditEvent.action).filter_by(workspace_id=world.id, subject=f"app_user:{world.admin.id}")
    assert stored(events).count(Action.SIGN_IN_LIMITED) == 1, "the log gets one line, however many follow"


def test_no_stranger_locks_a_colleague_out_of_a_browser_that_they_know(limited: Flask, world: World) -> None:
    colleague = stranger(limited)
    colleague.press(colleague.sign_in(world.admin.email), "Sign out")
    assert colleague.get("/contacts").path == "/login", "to be known is no credential"
    same_network = stranger(limited, str(colleague.client.environ_base["REMOTE_ADDR"]))
    guess(same_network, 11, world.admin.email)
    guess(same_network, 10)
    assert same_network.sign_in(world.admin.email).status == 429

    assert colleague.sign_in(world.admin.email).path == "/contacts"


def test_a_known_browser_has_ten_attempts_of_its_own_for_each_person(healthy: Flask, world: World) -> None:
    browser = stranger(healthy)
    for user in (world.admin, world.member):
        browser.press(browser.sign_in(user.email), "Sign out")

    assert guess(browser, 11, world.admin.email) == [422] * 10 + [429]
    assert browser.sign_in(world.admin.email).status == 429
    assert browser.sign_in(world.member.email).path == "/contacts"
    assert stranger(healthy).sign_in(world.admin.email).path == "/contacts", "the others were not used"


def test_a_browser_is_known_for_those_who_have_signed_in_with_it(healthy: Flask, world: World) -> None:
    """Neither a colleague's cookie nor a changed one makes a guess cheaper."""
    theirs = stranger(healthy)
    theirs.press(theirs.sign_in(world.member.email), "Sign out")
    cookie = theirs.client.get_cookie("device")
    assert cookie
    assert cookie.http_only
    forged = stranger(healthy)
    for browser, value in ((theirs, cookie.value), (forged, "x" + cookie.value), (forged, "é\0")):
        browser.client.set_cookie("device", value)
        guess(browser, 4, world.admin.email)

    assert theirs.sign_in(world.admin.email).status == 429


def test_successful_sign_ins_are_never_limited(limited: Flask, world: World) -> None:
    client = stranger(limited).client
    for _ in range(21):
        token = TOKEN.search(client.get("/login").text)
        assert token is not None
        fields = {"csrf_token": token[1], "email": world.admin.email, "password": PASSWORD}
        assert client.post("/login", data=fields).status_code == 303
        client.delete_cookie("session")
        client.delete_cookie("device")


def test_one_customer_of_ipv6_is_one_network(healthy: Flask, world: World) -> None:
    """They have 2^64 addresses."""
    prefix = f"2001:db8:{number() % 65536:x}:{number() % 65536:x}"
    answers = [guess(stranger(healthy, f"{prefix}::{host:x}"), 1)[0] for host in range(21)]

    assert answers == [422] * 20 + [429]


@pytest.mark.parametrize("illness", ILLNESSES)
def test_attempts_before_during_and_after_an_illness_of_redis_add_up(
    illness: str, healthy: Flask, ill_redis: OwnRedis, world: World
) -> None:
    """And each is counted in Redis again as soon as it recovers."""
    browser, other = stranger(healthy), stranger(healthy)
    assert guess(browser, 7) == [422] * 7
    with ill_redis.state(illness):
        assert guess(browser, 7) == [422] * 7
        assert other.sign_in(world.admin.email).path == "/contacts", "what is right is given back here, too"
    assert guess(browser, 7) == [422] * 6 + [429]

    before = set(ill_redis.redis.keys("LIMITS*"))
    guess(stranger(healthy), 1, world.member.email)
    counted = set(ill_redis.redis.keys("LIMITS*")) - before
    assert [ill_redis.redis.get(key) for key in counted] == [b"1"] * 3


def test_redis_gets_no_address_of_a_person_or_a_network(healthy: Flask, ill_redis: OwnRedis) -> None:
    browser, email = stranger(healthy, "192.0.2.77"), unknown()
    guess(browser, 1, email)

    keys = str(ill_redis.redis.keys("LIMITS*"))

    assert "192.0.2.77" not in keys
    assert email.partition("@")[0] not in keys


def test_a_connection_that_redis_has_cut_costs_no_attempt(
    healthy: Flask, ill_redis: OwnRedis, world: World
) -> None:
    """As after a restart, or after a time-out for idle clients."""
    browser = stranger(healthy)
    for _ in range(20):
        ill_redis.cut_connections()
        assert guess(browser, 1) == [422]

    ill_redis.cut_connections()

    assert guess(browser, 1) == [429]
