"""A person is told by mail what has changed about their sign-in: once, without a link, and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import Engine, Select, select, update
from sqlalchemy.orm import Session

from tests.factories.people import PASSWORD, World, number
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.faults import crash_at
from tests.support.personal_mail import forget_personal_mail
from tests.support.smtp_server import GREETING, Received, SmtpServer, smtp_server
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import Person, SecurityNotice, User
from webapp.models.audit_event import Action
from webapp.people.security_mail import By, tell_person
from webapp.worker.link_sender import LinkSender
from webapp.worker.services import services
from webapp.worker.watch import reconcile

NEW = "three quiet geese"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
WAITING = update(SecurityNotice).where(SecurityNotice.mail_at.is_not(None))
Stored = Callable[[Select[Any]], list[Any]]


class Post:
    """An app with a mail server, and its worker."""

    def __init__(self, app: Flask, server: SmtpServer, store: Session) -> None:
        self.app, self.server, self.store = app, server, store

    def browser(self, user: User) -> Browser:
        browser = Browser(self.app, user)
        browser.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
        return browser

    def work(self) -> list[Received]:
        """What has arrived since the last time."""
        before = len(self.server.received)
        with self.app.app_context():
            mail = services().mail
            assert mail.server
            sender = LinkSender(mail.server, "https://crm.example", None, mail.patience, mail.pace)
            with closing(sender):
                sender.send_due(self.store, lambda: False)
        return self.server.received[before:]

    def told(self) -> str:
        """The subject of the one message that has arrived, whose text is checked."""
        [received] = self.work()
        assert "http" not in received.content.decode().lower(), "no link"
        assert "crm.example" in received.text
        return str(received.message["Subject"])

    def tell(self, world: World, action: Action = Action.PASSWORD_CHANGED) -> None:
        person_id = world.admin.person_id
        with Session(self.store.get_bind()) as own, write_transaction(own):
            tell_person(own, person_id, action, read_clock(own), by=By.PERSON, browser=FIREFOX)


@pytest.fixture
def post(environ: dict[str, str], app: Flask, store: Session) -> Iterator[Post]:
    forget_personal_mail(store)
    with (
        smtp_server() as server,
        another_app(environ, SMTP_URL=server.url, PUBLIC_URL="https://crm.example") as mailing,
    ):
        mailing.config["THROTTLED"] = False
        yield Post(mailing, server, store)


def test_each_change_of_ones_own_is_told_with_its_time_and_browser(
    post: Post, world: World, stored: Stored
) -> None:
    browser = post.browser(world.admin)
    page = browser.get("/security")
    form = "form[action$='security/password']"
    assert browser.submit(page, form, present="wrong", password=NEW).status == 422
    assert post.work() == [], "nothing has changed"

    browser.submit(page, form, present=PASSWORD, password=NEW)
    [at] = stored(select(SecurityNotice.created_at).where(SecurityNotice.person_id == world.admin.person_id))
    [received] = post.work()

    assert (received.sender, received.recipient) == ("no-reply@crm.example", world.admin.email)
    assert received.message["Subject"] == "Your password was changed"
    [what, *advice] = received.text.split("\n\n")
    assert what == (
        f"The password for {world.admin.email} at crm.example was changed: "
        f"{at:%-d %b %Y, %H:%M} UTC, with Firefox on Windows."
    )
    assert "If it was not you" in " ".join(advice)
    page = browser.submit(browser.get("/security"), "#second-factor form", setup_password=NEW)
    totp = pyotp.TOTP(page.words("#secret").replace(" ", ""))
    page = browser.submit(page, "form[action$=confirm]", code=totp.now())
    assert post.told() == "Your second factor was turned on"
    printed = page.all(".codes code")[0].get_text()
    form = "form[action$=recovery-codes]"
    page = browser.submit(browser.get("/security"), form, codes_password=NEW, codes_code=printed)
    assert post.told() == "New recovery codes were made"
    code = page.all(".codes code")[0].get_text()
    browser.submit(browser.get("/security"), "form[action$=off]", off_password=NEW, off_code=code)
    assert post.told() == "Your second factor was turned off"
    assert post.work() == []


def test_a_password_by_a_link_and_a_factor_that_others_remove_are_told_with_who_it_was(
    post: Post, world: World, store: Session
) -> None:
    browser = Browser(post.app)
    browser.submit(browser.get("/forgot"), "main form", email=world.member.email)
    [message] = post.work()
    link = next(line for line in message.text.splitlines() if line.startswith("https://crm.example"))
    browser.submit(browser.get(link.removeprefix("https://crm.example")), "main form", password=NEW)
    [received] = post.work()
    assert received.recipient == world.member.email
    assert "was changed, by the link in a message: " in received.text

    admin = post.browser(world.admin)

    def remove_as_admin() -> None:
        admin.press(admin.press(admin.get(f"/users/{world.member.id}"), "Remove second factor"), "Remove")

    def remove_by_command() -> None:
        post.app.test_cli_runner().invoke(args=["users", "remove-second-factor", world.member.email])

    for remove, who in (
        (remove_as_admin, "an admin of your account"),
        (remove_by_command, "the operator of the site"),
    ):
        store.execute(
            update(Person).where(Person.id == world.member.person_id).values(totp_since=read_clock(store))
        )
        store.commit()
        remove()
        [received] = post.work()
        assert received.recipient == world.member.email
        assert received.message["Subject"] == "Your second factor was turned off"
        assert "Firefox" not in received.text, "it was not with a browser of theirs"
        assert f"was turned off, by {who}: " in received.text


def test_many_wrong_passwords_are_told_once_a_day_and_an_unknown_address_writes_the_same(
    post: Post, world: World, stored: Stored
) -> None:
    post.app.config["THROTTLED"] = True
    unknown = f"unknown{number()}@example.com"
    for email in (world.member.email, unknown):
        for address in (f"10.{number()}", f"10.{number()}"):
            browser = Browser(post.app)
            browser.client.environ_base |= {"REMOTE_ADDR": address, "HTTP_USER_AGENT": FIREFOX}
            form = browser.get("/login")
            for _ in range(7):
                browser.submit(form, "main form", email=email, password="wrong")
    post.app.config["THROTTLED"] = False
    written = stored(select(SecurityNotice).order_by(SecurityNotice.id))
    assert [(each.person_id, each.action, each.by) for each in written] == [
        (person_id, Action.SIGN_IN_LIMITED, By.STRANGER) for person_id in (world.member.person_id, None)
    ]

    assert post.told() == "Many wrong passwords for your address"
    assert post.server.recipients == [world.member.email]
    first, limited = written[0].created_at, Action.SIGN_IN_LIMITED
    for later, expected in ((23, 0), (23.5, 0), (25, 1)):
        with write_transaction(post.store):
            moment = first + timedelta(hours=later)
            tell_person(post.store, world.member.person_id, limited, moment, by=By.STRANGER)
            post.store.flush()
            post.store.execute(WAITING.values(mail_at=first))
        assert len(post.work()) == expected, later


def test_a_process_that_dies_at_any_statement_sends_no_notice_twice(
    post: Post, world: World, engine: Engine
) -> None:
    attempt, happened = 0, True
    while happened:
        attempt += 1
        assert attempt < 60
        forget_personal_mail(post.store)
        post.tell(world)
        with crash_at(engine, post.store, attempt) as crash:
            post.work()
        happened = crash.happened
        post.work()
        assert post.server.recipients == [world.admin.email] * attempt


def test_what_the_server_has_not_got_is_sent_later_and_an_old_notice_is_forgotten(
    post: Post, world: World, stored: Stored
) -> None:
    post.tell(world)
    post.server.replies[GREETING] = "421 4.3.2 Not now"
    assert post.work() == []
    post.server.replies.clear()
    assert post.work() == [], "not at once"
    with write_transaction(post.store):
        post.store.execute(WAITING.values(mail_at=read_clock(post.store)))
    assert post.told() == "Your password was changed"

    post.tell(world)
    with write_transaction(post.store):
        post.store.execute(WAITING.values(expires_at=read_clock(post.store) - timedelta(seconds=1)))
    assert post.work() == []
    with post.app.app_context():
        reconcile()
    assert len(stored(select(SecurityNotice))) == 1, "only the one that was sent is kept for its time"


def test_who_can_sign_in_nowhere_any_more_is_told_nothing(post: Post, world: World, store: Session) -> None:
    post.tell(world)
    store.execute(update(User).where(User.id == world.admin.id).values(is_active=False))
    store.commit()

    assert post.work() == []


def test_a_change_that_is_rolled_back_is_not_told(
    post: Post, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("webapp.views.security.renew_session", fail)
    browser = post.browser(world.admin)
    form = "form[action$='security/password']"
    assert browser.submit(browser.get("/security"), form, present=PASSWORD, password=NEW).status == 500

    assert post.work() == []
