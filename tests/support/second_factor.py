"""An authenticator app, the time of its codes, and what a person does with it on the pages."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from tests.factories.people import PASSWORD
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.worker.connection import connect

WRONG = "This code is not right, or was used before."


class Moments:
    """The time of the codes, which the tests choose: both databases give their own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        for module in ("views.second_factor", "views.security", "web.prompts"):
            monkeypatch.setattr(f"webapp.{module}.read_clock", lambda _session: self.now)

    def pass_by(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


class Phone:
    """An authenticator app."""

    def __init__(self, moments: Moments, page: Seen) -> None:
        self.moments = moments
        self.secret = page.words("#secret").replace(" ", "")

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.moments.now, counter_offset=steps)


def set_up(browser: Browser, moments: Moments) -> tuple[Phone, list[str]]:
    """Set up a second factor; returns the phone and the recovery codes."""
    page = browser.submit(browser.get("/security"), "#second-factor form", setup_password=PASSWORD)
    assert page.path == "/security/second-factor"
    phone = Phone(moments, page)
    done = browser.submit(page, "form[action$=confirm]", code=phone.code())
    assert done.status == 200, done.text
    moments.pass_by(30)
    return phone, [code.get_text() for code in done.all(".codes code")]


def half_way(browser: Browser, email: str, *, next_page: str | None = None) -> Seen:
    page = browser.sign_in(email, next_page=next_page)
    assert page.path == "/second-factor"
    return page


def submit(browser: Browser, page: Seen, code: str) -> Seen:
    return browser.submit(page, f"form[action='{page.path}']", code=code)


def forget_codes(environ: dict[str, str]) -> None:
    """No codes are counted: both databases have persons with the same ids, and share one Redis."""
    with connect(environ["REDIS_URL"]) as redis:
        for key in redis.keys("LIMITS:codes*"):
            redis.delete(key)
