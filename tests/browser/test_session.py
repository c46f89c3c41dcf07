"""The session in a real browser: typing uses it, and signing out leaves nothing in the browser."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.factories.people import World
from webapp.clock import read_clock
from webapp.models import SignIn


def seen_at(engine: Engine, world: World) -> Callable[[], datetime | None]:
    def read() -> datetime | None:
        with Session(engine) as session:
            return session.scalar(select(SignIn.seen_at).where(SignIn.user_id == world.admin.id))

    return read


def test_typing_in_a_form_that_requests_nothing_uses_the_session(
    page: Page, engine: Engine, world: World, store: Session
) -> None:
    page.open("/contacts/new")
    long_ago = read_clock(store) - timedelta(minutes=29)
    store.rollback()
    store.execute(update(SignIn).where(SignIn.user_id == world.admin.id).values(seen_at=long_ago))
    store.commit()
    read = seen_at(engine, world)

    page.type("#first_name", "Ann")

    page.wait(lambda: (read() or long_ago) > long_ago, "the use is noted")
    assert page.script("return document.querySelector('#first_name').value") == "Ann"


def test_after_signing_out_the_browser_keeps_nothing_and_back_shows_nothing(page: Page) -> None:
    page.open("/contacts")
    page.script("sessionStorage.setItem('kept', '1'); localStorage.setItem('kept', '1')")

    page.click("[data-sign-out] button")

    page.wait_for_path("/login")
    page.wait(
        lambda: page.script("return [sessionStorage.kept, localStorage.kept].join('')") == "",
        "the storage is empty",
    )
    assert page.script("return 'signedOut' in document.body.dataset")
    page.back()
    page.wait_for_path("/login")
