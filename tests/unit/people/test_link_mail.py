"""The message with a link is sent at most once, to those who can sign in, and before all other messages."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.faults import crash_at
from tests.support.personal_mail import forget_personal_mail
from tests.support.smtp_server import END, GREETING, RCPT, SmtpServer, smtp_server
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.mail_settings import read_smtp_url
from webapp.marketing.sending import Pace
from webapp.models import OneTimeLink, Person, User
from webapp.models.person import Purpose
from webapp.people.link_mail import LINKS, anything_to_mail, ask_for_reset
from webapp.people.links import make_link
from webapp.worker.link_sender import LinkSender
from webapp.worker.one_time import read_token
from webapp.worker.smtp import Patience

PATIENT = Patience(step=60, answer=60)


@dataclass
class Desk:
    app: Flask
    store: Session
    server: SmtpServer

    def ask(self, *addresses: str) -> None:
        for address in addresses:
            with write_transaction(self.store):
                ask_for_reset(self.store, address, read_clock(self.store), network_address="192.0.2.7")

    def work(self) -> int:
        """Send what is due; returns how many messages the server has answered for."""
        url = read_smtp_url(self.server.url)
        with (
            self.app.app_context(),
            closing(LinkSender(url, "https://crm.example", None, PATIENT, Pace())) as sender,
        ):
            return sender.send_due(self.store, lambda: False)

    def links(self, email: str) -> list[OneTimeLink]:
        found = (
            select(OneTimeLink)
            .join(Person, Person.id == OneTimeLink.person_id)
            .where(Person.email == email)
            .order_by(OneTimeLink.id)
        )
        links = list(self.store.scalars(found, execution_options={"populate_existing": True}))
        self.store.expunge_all()
        self.store.rollback()
        return links

    def is_waiting(self) -> bool:
        waiting = anything_to_mail(self.store, read_clock(self.store))
        self.store.rollback()
        return waiting

    def forget_links(self) -> None:
        """Let it be long ago that a link was sent."""
        with write_transaction(self.store):
            self.store.execute(delete(OneTimeLink))

    def make_due(self) -> None:
        """Let the time pass until what waits is due."""
        with write_transaction(self.store):
            soon = read_clock(self.store) - timedelta(seconds=1)
            self.store.execute(
                update(OneTimeLink).where(OneTimeLink.mail_at.is_not(None)).values(mail_at=soon)
            )


@pytest.fixture
def desk(app: Flask, store: Session) -> Iterator[Desk]:
    forget_personal_mail(store)
    with smtp_server() as server:
        yield Desk(app, store, server)


def test_who_asks_gets_a_link_and_who_is_unknown_or_disabled_gets_none(desk: Desk, world: World) -> None:
    with write_transaction(desk.store):
        desk.store.execute(update(User).where(User.id == world.member.id).values(is_active=False))
    asked = (world.admin.email, "unknown@example.com", world.member.email, world.admin.email)
    desk.ask(*asked)

    assert desk.work() == 1

    [received] = desk.server.received
    assert (received.sender, received.recipient) == ("no-reply@crm.example", world.admin.email)
    assert received.message["Subject"] == "A new password"
    address = next(line for line in received.text.splitlines() if line.startswith("https://"))
    base, _, token = address.partition("?token=")
    [link] = desk.links(world.admin.email)
    with desk.app.app_context():
        name = read_token(token)
    assert base == "https://crm.example/reset"
    assert name is not None
    assert (name.link_id, name.nonce) == (link.id, link.nonce)
    assert link.nonce not in str(received.message["Message-ID"])
    assert desk.links(world.member.email) == []
    assert not desk.is_waiting(), "no address is kept"
    assert desk.work() == 0


def test_a_process_that_dies_at_any_statement_sends_no_message_twice(
    desk: Desk, world: World, engine: Engine
) -> None:
    number, happened = 0, True
    while happened:
        number += 1
        assert number < 60
        desk.forget_links()
        desk.ask(world.admin.email)
        with crash_at(engine, desk.store, number) as crash:
            desk.work()
        happened = crash.happened
        desk.work()
        assert desk.server.recipients == [world.admin.email] * number


@pytest.mark.parametrize(
    ("step", "reply", "again"),
    [
        (GREETING, "421 4.3.2 Not now", True),
        (RCPT, "450 4.2.1 Try later", True),
        (RCPT, "550 5.1.1 No such user", False),
    ],
)
def test_what_the_server_has_not_got_is_sent_later_unless_it_is_refused_for_good(
    desk: Desk, world: World, step: str, reply: str, again: bool
) -> None:
    desk.ask(world.admin.email, world.member.email)
    desk.server.replies[step] = reply

    desk.work()

    assert desk.server.received == []
    assert not desk.is_waiting(), "nothing is tried again at once"
    desk.server.replies.clear()
    desk.make_due()
    desk.work()
    assert desk.server.recipients == ([world.admin.email, world.member.email] if again else [])


def test_a_message_that_may_have_been_sent_is_not_sent_again(desk: Desk, world: World) -> None:
    desk.ask(world.admin.email)
    desk.server.hangs_up_at = END

    desk.work()
    desk.server.hangs_up_at = None
    desk.make_due()

    assert desk.work() == 0
    [link] = desk.links(world.admin.email)
    assert link.sent_at is not None


def test_a_link_that_was_replaced_or_is_too_old_is_not_sent(desk: Desk, world: World) -> None:
    person = desk.store.get_one(Person, world.admin.person_id)
    with write_transaction(desk.store):
        now = read_clock(desk.store)
        for moment in (now - timedelta(hours=2), now, now):
            make_link(desk.store, person, Purpose.RESET, moment, by_mail=True)
    desk.store.expunge_all()

    assert desk.work() == 1
    assert [link.sent_at is not None for link in desk.links(world.admin.email)] == [False, False, True]
    assert LINKS.due(desk.store, read_clock(desk.store)) == []
