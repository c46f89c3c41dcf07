"""Changing one's password, and choosing a new one by a link."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, Select, select, update
from sqlalchemy.orm import Session

from tests.factories.people import PASSWORD, World, number
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.faults import before_each_statement
from tests.support.personal_mail import forget_personal_mail
from tests.support.smtp_server import SmtpServer, smtp_server
from tests.support.work import run_worker
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.models import AuditEvent, OneTimeLink, Person
from webapp.models.audit_event import Action

NEW = "three quiet geese"
ADDRESS = re.compile(r"https://crm\.example(/reset\?token=\S+)")


@pytest.fixture
def server(store: Session) -> Iterator[SmtpServer]:
    forget_personal_mail(store)
    with smtp_server() as server:
        yield server


@pytest.fixture
def mailing(environ: dict[str, str], app: Flask, server: SmtpServer) -> Iterator[Flask]:
    """An app that sends links."""
    with another_app(environ, SMTP_URL=server.url, PUBLIC_URL="https://crm.example") as mailing:
        mailing.config["THROTTLED"] = False
        yield mailing


def ask(app: Flask, email: str) -> Browser:
    """Ask for a new password with a new browser."""
    browser = Browser(app)
    page = browser.press(browser.get("/login"), "Forgot your password?")
    done = browser.submit(page, "main form", email=email)
    assert done.path == "/forgot/asked"
    assert "If someone signs in here with this address" in done.text
    return browser


def link_in(server: SmtpServer) -> str:
    found = ADDRESS.search(server.received[-1].text)
    assert found is not None
    return found[1]


def choose(browser: Browser, link: str, password: str = NEW) -> Any:
    return browser.submit(browser.get(link), "main form", password=password)


def change(browser: Browser, present: str, password: str) -> Any:
    page = browser.get("/security")
    return browser.submit(page, "form[action$='/password']", present=present, password=password)


def test_a_changed_password_ends_all_other_sessions_and_copies_of_this_one(
    admin: Browser, browse: Callable[..., Browser], world: World
) -> None:
    other, copy = browse(world.admin), browse()
    cookie = admin.client.get_cookie("session")
    assert cookie
    copy.client.set_cookie("session", cookie.value)
    assert copy.get("/contacts").path == "/contacts"

    done = change(admin, PASSWORD, NEW)

    assert "Your password is changed. You are signed out everywhere else." in done.text
    assert admin.get("/contacts").path == "/contacts"
    assert other.get("/contacts").path == "/login"
    assert copy.get("/contacts").path == "/login"
    assert browse().sign_in(world.admin.email, PASSWORD).status == 422
    assert browse().sign_in(world.admin.email, NEW).path == "/contacts"


@pytest.mark.parametrize(
    ("present", "password", "sentence"),
    [
        ("wrong", NEW, "This is not your present password."),
        ("", NEW, "Type your password."),
        (PASSWORD, "", "Type a password."),
        (PASSWORD, "too short", "Type at least 12 characters."),
        (PASSWORD, "a" * 257, "Type at most 256 characters."),
        (PASSWORD, "password1234", "This is easy to guess"),
        (PASSWORD, "qwertyuiop12", "This is easy to guess"),
        (PASSWORD, "Northwind-26", "This is little more than your address, your name or your account’s."),
        (PASSWORD, PASSWORD, "This is the password that you have."),
    ],
)
def test_a_password_that_may_not_be_chosen_is_refused_beside_its_field(
    admin: Browser, browse: Callable[..., Browser], world: World, present: str, password: str, sentence: str
) -> None:
    refused = change(admin, present, password)

    assert refused.status == 422
    assert sentence in refused.words(".field-error")
    assert browse().sign_in(world.admin.email).path == "/contacts"


def test_a_stolen_session_cannot_guess_the_password(
    environ: dict[str, str], app: Flask, world: World
) -> None:
    with another_app(environ) as limited:
        thief = Browser(limited, world.admin)
        page, form = thief.get("/security"), "form[action$='/password']"
        answers = [
            thief.submit(page, form, present=f"guess {attempt}", password=NEW) for attempt in range(11)
        ]

        assert [answer.status for answer in answers] == [422] * 10 + [429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 600
        assert change(thief, PASSWORD, NEW).status == 429
        assert change(Browser(limited, world.admin), PASSWORD, NEW).path == "/security"


def test_a_link_sets_a_new_password_once_and_ends_all_sessions(
    mailing: Flask, server: SmtpServer, admin: Browser, browse: Callable[..., Browser], world: World
) -> None:
    browser = ask(mailing, f" {world.admin.email.upper()} ")
    run_worker(mailing)
    assert server.recipients == [world.admin.email]
    link = link_in(server)

    page = browser.get(link)
    assert (page.path, page.query) == ("/reset", {}), "the token does not stay in the address"
    assert world.admin.email in page.text
    for password, sentence in (
        ("short", "at least 12"),
        ("password1234", "easy to guess"),
        ("", "Type a"),
    ):
        refused = browser.submit(page, "main form", password=password)
        assert (refused.status, sentence in refused.words(".field-error")) == (422, True)
    done = browser.submit(page, "main form", password=NEW)

    assert done.path == "/login"
    assert "Your password is changed. Sign in with it." in done.text
    assert admin.get("/contacts").path == "/login"
    assert browse().sign_in(world.admin.email, PASSWORD).status == 422
    assert browser.submit(done, "main form", email=world.admin.email, password=NEW).path == "/contacts"
    used = browse().get(link)
    assert (used.status, "It was used already" in used.text) == (410, True)


def test_opening_a_link_changes_nothing(
    mailing: Flask, server: SmtpServer, world: World, engine: Engine
) -> None:
    """Scanners open every link in a message, some of them twice."""
    ask(mailing, world.admin.email)
    run_worker(mailing)
    link, written = link_in(server), []

    def look(statement: str) -> None:
        if not statement.startswith(("SELECT", "BEGIN", "PRAGMA", "SET")):
            written.append(statement)

    with mailing.app_context():
        own = db.engine
    with before_each_statement(own, look):
        for _ in range(3):
            assert Browser(mailing).get(link).status == 200
            assert Browser(mailing).client.head(link).status_code == 303

    assert written == []
    assert choose(Browser(mailing), link).path == "/login"


def test_a_link_that_is_old_replaced_or_changed_says_so_and_does_nothing(
    mailing: Flask, server: SmtpServer, world: World, store: Session, browse: Callable[..., Browser]
) -> None:
    links = []
    for _ in range(2):
        ask(mailing, world.admin.email)
        run_worker(mailing)
        links.append(link_in(server))
        with write_transaction(store):
            mine = OneTimeLink.person_id == world.admin.person_id
            for row in store.scalars(select(OneTimeLink).where(mine)):
                row.created_at -= timedelta(minutes=6)
    first, last = links
    browser = Browser(mailing)
    opened = browser.get(last)
    with write_transaction(store):
        store.execute(update(OneTimeLink).where(mine).values(expires_at=world_began(store)))

    for link, status, sentence in (
        (first, 410, "a later one has replaced it"),
        (last, 410, "It was good for an hour"),
        (last[:-1], 404, "It was cut off or changed"),
        (f"{last}x", 404, "It was cut off or changed"),
        ("/reset?token=%00", 404, "It was cut off or changed"),
    ):
        page = Browser(mailing).get(link)
        assert (page.status, sentence in page.text) == (status, True), link
        assert page.button("Ask for a new link")
    late = browser.submit(opened, "main form", password=NEW)
    assert (late.status, "Nothing was changed." in late.text) == (410, True)
    assert browse().sign_in(world.admin.email).path == "/contacts"


def world_began(store: Session) -> Any:
    """A moment that is over."""
    return store.scalar(select(Person.created_at).order_by(Person.id).limit(1))


def test_asking_does_and_says_the_same_for_every_address(
    mailing: Flask, server: SmtpServer, world: World, store: Session
) -> None:
    """In place of the time that it takes: the same statements, in number and kind."""
    seen: list[tuple[str, tuple[str, ...]]] = []
    with mailing.app_context():
        own = db.engine
    for email in (world.admin.email, f"unknown{number()}@example.com", "no address"):
        browser, statements = Browser(mailing), list[str]()
        page = browser.get("/forgot")
        with before_each_statement(own, statements.append):
            done = browser.submit(page, "main form", email=email)
        seen.append((done.text, tuple(statements)))

    assert seen == [seen[0]] * 3
    assert any("reset_request" in statement for statement in seen[0][1])
    run_worker(mailing)
    assert server.recipients == [world.admin.email]


def test_nobody_is_sent_many_messages_and_no_stranger_ends_a_link_that_was_just_sent(
    environ: dict[str, str], app: Flask, server: SmtpServer, world: World
) -> None:
    with another_app(environ, SMTP_URL=server.url, PUBLIC_URL="https://crm.example") as limited:
        ask(limited, world.admin.email)
        run_worker(limited)
        link = link_in(server)
        for place in range(6):
            stranger = Browser(limited)
            stranger.client.environ_base["REMOTE_ADDR"] = f"10.{number()}.{place}"
            done = stranger.submit(stranger.get("/forgot"), "main form", email=world.admin.email)
            assert done.path == "/forgot/asked"
        run_worker(limited)

        assert server.recipients == [world.admin.email]
        assert Browser(limited).get(link).status == 200


def test_asking_from_one_network_is_limited(environ: dict[str, str], app: Flask, server: SmtpServer) -> None:
    with another_app(environ, SMTP_URL=server.url, PUBLIC_URL="https://crm.example") as limited:
        browser = Browser(limited)
        browser.client.environ_base["REMOTE_ADDR"] = f"10.{number()}"
        page = browser.get("/forgot")
        answers = [
            browser.submit(page, "main form", email=f"unknown{number()}@example.com") for _ in range(11)
        ]

    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 900


def test_without_a_mail_server_the_page_says_so_and_a_command_makes_the_link(
    app: Flask,
    browse: Callable[..., Browser],
    world: World,
    stored: Callable[[Select[Any]], list[Any]],
) -> None:
    browser = browse()
    assert "This site sends no e-mail." in browser.get("/forgot").text
    run = app.test_cli_runner().invoke

    result = run(args=["users", "reset-link", world.admin.email.upper()])

    assert result.exit_code == 0, result.output
    link = result.output.splitlines()[-1]
    assert link.startswith("http://127.0.0.1:5000/reset?token=")
    assert choose(browser, link.partition(":5000")[2]).path == "/login"
    assert browse().sign_in(world.admin.email, NEW).path == "/contacts"
    unknown = run(args=["users", "reset-link", "unknown@example.com"])
    assert (unknown.exit_code, "No active user has the address" in unknown.output) == (2, True)
    actions = stored(select(AuditEvent.action).filter_by(workspace_id=world.id).order_by(AuditEvent.id))
    assert actions == [Action.RESET_REQUESTED, Action.PASSWORD_CHANGED, Action.SIGNED_IN]


def test_the_token_reaches_no_log(
    app: Flask, browse: Callable[..., Browser], world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    result = app.test_cli_runner().invoke(args=["users", "reset-link", world.admin.email])
    link = result.output.splitlines()[-1].partition(":5000")[2]
    token = link.partition("=")[2]
    capsys.readouterr()
    page = browse().get(link)

    out, err = capsys.readouterr()
    assert token not in out + err
    assert token not in page.document.get_text()
    assert token not in str(page.document)
