"""What someone gets who has a part of what a person signs in with: a cookie, the password, or the mailbox."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, select

from tests.factories.people import PASSWORD, World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.clock import fixed_clock
from tests.support.second_factor import WRONG, Moments, Phone, forget_codes, half_way, set_up, submit
from tests.support.seen import Seen
from webapp.models import Person, RecoveryCode, User
from webapp.web.device import known_device, proved_device
from webapp.web.second_factor import SETUP
from webapp.web.signatures import timed_serializer
from webapp.worker.one_time import secret_keys

NEW = "three quiet geese"
BEGIN_AGAIN = "A key can be used for ten minutes, in the browser that asked for it. Begin again."
Stored = Callable[[Select[Any]], list[Any]]


@pytest.fixture(autouse=True)
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    return Moments(monkeypatch)


@pytest.fixture
def limited(environ: dict[str, str], app: Flask) -> Iterator[Flask]:
    """An app with the limits on, that knows its own address."""
    forget_codes(environ)
    with another_app(environ, PUBLIC_URL="https://crm.example") as limited:
        yield limited


def begin(browser: Browser) -> Seen:
    page = browser.submit(browser.get("/security"), "#second-factor form", setup_password=PASSWORD)
    assert page.path == "/security/second-factor"
    return page


def make_codes(browser: Browser, password: str, code: str) -> Seen:
    """Ask for new recovery codes."""
    form = "form[action$=recovery-codes]"
    return browser.submit(browser.get("/security"), form, codes_password=password, codes_code=code)


def reset(app: Flask, email: str) -> Browser:
    """A new browser in which the password was just replaced, by a link."""
    result = app.test_cli_runner().invoke(args=["users", "reset-link", email])
    assert result.exit_code == 0, result.output
    browser = Browser(app)
    link = result.output[result.output.index("/reset?") :].split()[0]
    assert browser.submit(browser.get(link), "main form", password=NEW).path == "/login"
    return browser


def wrong_codes(browser: Browser, user: User, password: str, times: int) -> list[int]:
    """The answers to so many wrong codes, after the right password."""
    page = browser.sign_in(user.email, password)
    assert page.path == "/second-factor"
    return [submit(browser, page, "000000").status for _ in range(times)]


def test_a_second_factor_that_is_being_set_up_is_open_to_its_own_session_alone(
    admin: Browser, browse: Callable[..., Browser], world: World, moments: Moments
) -> None:
    elsewhere, copy = browse(world.admin), browse()
    cookie = admin.client.get_cookie("session")
    assert cookie
    copy.client.set_cookie("session", cookie.value)
    token = elsewhere.token()

    page = begin(admin)

    phone = Phone(moments, page)
    seen = elsewhere.get("/security/second-factor")
    assert (seen.path, BEGIN_AGAIN in seen.text) == ("/security", True)
    assert page.words("#secret") not in seen.text
    stolen = elsewhere.post("/security/second-factor/confirm", {"csrf_token": token, "code": phone.code()})
    assert (stolen.path, stolen.all(".codes code")) == ("/security", [])
    own = begin(elsewhere)
    refused = elsewhere.submit(own, "form[action$=confirm]", code=phone.code())
    assert (refused.status, WRONG in refused.text) == (422, True), "each session has its own secret"
    assert copy.get("/security/second-factor").path == "/login", "the former cookie is good for nothing"
    assert admin.get("/security/second-factor").words("#secret") == page.words("#secret")

    assert admin.submit(page, "form[action$=confirm]", code=phone.code()).all(".codes code")
    assert elsewhere.get("/security").path == "/login"
    assert half_way(browse(), world.admin.email)


def test_a_second_factor_that_is_being_set_up_is_erased_after_ten_minutes(
    admin: Browser, browse: Callable[..., Browser], world: World, moments: Moments, stored: Stored
) -> None:
    page, began = begin(admin), datetime.now(UTC)
    phone = Phone(moments, page)
    of_person = select(Person.totp_secret).where(Person.id == world.admin.person_id)
    assert stored(of_person) == [None], "the database gets it when it counts"
    for seconds, is_open in ((590, True), (602, False)):
        moment = began + timedelta(seconds=seconds)
        admin.keep_session(moment)
        with fixed_clock(moment):
            if not is_open:
                late = admin.submit(page, "form[action$=confirm]", code=phone.code())
                assert (late.path, BEGIN_AGAIN in late.text) == ("/security", True)
            path = admin.get("/security/second-factor").path
            assert path == ("/security/second-factor" if is_open else "/security")
    with admin.client.session_transaction() as cookie:
        assert SETUP not in cookie
    assert stored(of_person) == [None]
    assert browse().sign_in(world.admin.email).path == "/contacts"


def test_new_recovery_codes_need_the_password_and_a_code(
    admin: Browser, world: World, moments: Moments, stored: Stored
) -> None:
    """Or the password would turn the second factor off, by way of a new recovery code."""
    phone, printed = set_up(admin, moments)
    hashes = select(RecoveryCode.code_hash).filter_by(person_id=world.admin.person_id)
    before = set(stored(hashes))
    for password, code, sentence in (
        (PASSWORD, "", "Type the code."),
        (PASSWORD, "000000", WRONG),
        (PASSWORD, printed[0][:-1], WRONG),
        ("wrong", phone.code(), "This is not your present password."),
    ):
        refused = make_codes(admin, password, code)
        assert (refused.status, refused.all(".codes code")) == (422, []), code
        assert sentence in refused.words("details[open] form[action$=recovery-codes] .field-error")
    assert set(stored(hashes)) == before, "the printed ones are still good"

    by_app = [code.get_text() for code in make_codes(admin, PASSWORD, phone.code()).all(".codes code")]
    assert len(by_app) == 10
    assert make_codes(admin, PASSWORD, phone.code()).status == 422, "the code is used up"
    assert make_codes(admin, PASSWORD, printed[0]).status == 422, "the former ones have stopped working"

    assert len(make_codes(admin, PASSWORD, by_app[3]).all(".codes code")) == 10


def test_codes_for_new_recovery_codes_are_counted_with_all_others(
    limited: Flask, world: World, moments: Moments
) -> None:
    thief = Browser(limited, world.admin)
    phone, _ = set_up(thief, moments)
    off = thief.get("/security")
    answers = [make_codes(thief, PASSWORD, "000000") for _ in range(3)]
    answers += [
        thief.submit(off, "form[action$=off]", off_password=PASSWORD, off_code="000000") for _ in range(2)
    ]
    refused = make_codes(thief, PASSWORD, phone.code())

    assert [answer.status for answer in answers] == [422] * 5
    assert refused.status == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 300
    assert "Too many attempts." in refused.words("form[action$=recovery-codes] .field-error")


def test_resetting_the_password_in_many_browsers_gives_no_more_codes(
    limited: Flask, world: World, moments: Moments
) -> None:
    """Of someone who has the mailbox."""
    owner = Browser(limited, world.admin)
    phone, _ = set_up(owner, moments)

    answers = [
        answer
        for _ in range(3)
        for answer in wrong_codes(reset(limited, world.admin.email), world.admin, NEW, 2)
    ]

    assert answers == [422] * 5 + [429]
    # In the browser in which it was set up it is still accepted.
    owner.client.delete_cookie("session")
    page = owner.sign_in(world.admin.email, NEW)
    assert submit(owner, page, phone.code()).path == "/contacts"


def test_browsers_that_were_known_without_the_second_factor_share_their_codes(
    limited: Flask, world: World, moments: Moments
) -> None:
    """Of someone who has had the password for long."""
    thieves = [Browser(limited) for _ in range(3)]
    for thief in thieves:
        thief.press(thief.sign_in(world.admin.email), "Sign out")
    set_up(Browser(limited, world.admin), moments)

    answers = [answer for thief in thieves for answer in wrong_codes(thief, world.admin, PASSWORD, 2)]

    assert answers == [422] * 5 + [429]


def test_a_reset_makes_a_browser_known_only_of_who_has_no_second_factor(
    limited: Flask, world: World, moments: Moments
) -> None:
    set_up(Browser(limited, world.admin), moments)

    known = [
        reset(limited, user.email).client.get_cookie("device") is not None
        for user in (world.admin, world.member)
    ]

    assert known == [False, True]


def test_a_browser_that_the_previous_release_knew_is_known_and_has_proved_nothing(
    limited: Flask, world: World, moments: Moments
) -> None:
    person_id = world.admin.person_id
    assert person_id
    phone, _ = set_up(Browser(limited, world.admin), moments)
    browser = Browser(limited)
    with limited.app_context():
        token = timed_serializer(secret_keys(), "device").dumps(["a" * 16, [person_id]])
    before = token if isinstance(token, str) else token.decode()
    browser.client.set_cookie("device", before)
    assert submit(browser, half_way(browser, world.admin.email), phone.code()).path == "/contacts"
    after = browser.client.get_cookie("device")
    assert after

    told = []
    for value in (before, after.value):
        with limited.test_request_context(headers={"Cookie": f"device={value}"}):
            told.append((known_device(person_id), proved_device(person_id)))

    assert told == [("a" * 16, None), ("a" * 16, "a" * 16)]
