"""Each message is sent at most once, through a real mail server, whatever breaks and wherever the process
dies."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, subscribe
from tests.factories.people import World, new_world
from tests.support.certificates import certified
from tests.support.faults import crash_at
from tests.support.marketing import Marketing
from tests.support.restoring import Restoring
from tests.support.sent import name_sender, nothing_else_is_due
from tests.support.smtp_server import END, GREETING, MAIL, RCPT, SmtpServer, smtp_server
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.mail_settings import read_smtp_url
from webapp.marketing.campaigns import send_campaign
from webapp.marketing.confirmations import ask_to_confirm
from webapp.marketing.consent import address_hash
from webapp.marketing.drafting import try_out
from webapp.marketing.refusals import Refused, unsubscribe
from webapp.marketing.sending import Pace, end_lost, send_due
from webapp.marketing.transport import Answer, Letter
from webapp.models import (
    CampaignSend,
    Contact,
    MailingList,
    MailTrouble,
    Subscription,
    Suppression,
    Workspace,
)
from webapp.worker.post_office import PostOffice
from webapp.worker.redis_lock import RedisLock
from webapp.worker.smtp import Patience

PATIENT = Patience(step=60, answer=60)
PACE = Pace()


@dataclass
class Desk:
    """A workspace that sends through a server."""

    store: Session
    world: World
    server: SmtpServer
    news: MailingList
    marketing: Marketing

    def readers(self, count: int) -> list[Contact]:
        contacts = [new_contact(self.store, self.world) for _ in range(count)]
        for contact in contacts:
            subscribe(self.store, contact, self.news, "subscribed")
        self.store.commit()
        return contacts

    def campaign(self) -> int:
        """Write its messages; returns the campaign's id."""
        campaign = self.marketing.campaign(self.news)
        campaign.subject, campaign.body = "Hello {first_name}", "News for {name}."
        campaign_id = campaign.id
        self.store.commit()
        with write_transaction(self.store):
            send_campaign(
                self.store,
                workspace_id=self.world.id,
                campaign_id=campaign_id,
                now=read_clock(self.store),
            )
        return campaign_id

    def office(self, patience: Patience = PATIENT, connections: int = 2) -> PostOffice:
        return PostOffice(
            read_smtp_url(self.server.url),
            "https://crm.example",
            connections=connections,
            patience=patience,
        )

    def send(self, patience: Patience = PATIENT, *, session: Session | None = None, **how: Any) -> int:
        with closing(self.office(patience)) as office:
            return send_due(session or self.store, office, pace=how.pop("pace", PACE), **how)

    def messages(self) -> list[CampaignSend]:
        self.store.rollback()
        query = select(CampaignSend).where(CampaignSend.workspace_id == self.world.id)
        return list(
            self.store.scalars(query.order_by(CampaignSend.id).execution_options(populate_existing=True))
        )

    def states(self) -> list[tuple[str, str | None]]:
        return [(each.state.value, each.ended_why) for each in self.messages()]

    def trouble(self) -> MailTrouble | None:
        self.store.rollback()
        return self.store.get(MailTrouble, self.world.id, populate_existing=True)

    def later(self) -> None:
        """Time passes: pauses and waits are over."""
        now = read_clock(self.store)
        with write_transaction(self.store):
            mine = CampaignSend.workspace_id == self.world.id
            self.store.execute(update(CampaignSend).where(mine).values(due_at=now - timedelta(seconds=1)))
            self.store.execute(update(MailTrouble).values(again_at=now - timedelta(seconds=1)))


@pytest.fixture
def desk(store: Session, engine: Engine) -> Iterator[Desk]:
    nothing_else_is_due(store)
    world = new_world(store)
    name_sender(store, world)
    news = new_list(store, world, "News")
    store.commit()
    with smtp_server() as server:
        yield Desk(store, world, server, news, Marketing(store, world))


def test_each_message_arrives_once_with_its_name_and_its_links(desk: Desk) -> None:
    readers = desk.readers(5)
    desk.campaign()

    assert desk.send() == 5
    assert desk.send() == 0

    assert sorted(desk.server.recipients) == sorted(str(reader.email) for reader in readers)
    assert desk.states() == [("sent", None)] * 5
    sent = desk.messages()[0]
    assert (sent.transport, sent.reply, sent.attempts, sent.taken_at) == ("smtp", 250, 1, None)
    message = desk.server.received[0].message
    assert (message["Subject"], message["From"]) == ("Hello Ann", "Shop <news@shop.example>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(message["List-Unsubscribe"]).strip("<>")
    assert link.startswith("https://crm.example/u/")
    assert desk.server.received[0].text == (
        f"News for Ann Lee.\n\n-- \nShop\n1 High Street, Town\nUnsubscribe: {link}\n"
    )


@pytest.mark.parametrize("missing", ["sender_email", "postal_line"])
def test_nothing_is_sent_by_a_workspace_that_has_not_said_who_writes(missing: str, desk: Desk) -> None:
    desk.readers(1)
    desk.campaign()
    desk.store.execute(update(Workspace).where(Workspace.id == desk.world.id).values({missing: ""}))
    desk.store.commit()

    assert desk.send() == 0
    assert desk.states() == [("pending", None)]


def test_a_test_goes_to_the_user_and_a_confirmation_to_one_that_is_not_mailable(desk: Desk) -> None:
    [reader] = desk.readers(1)
    campaign_id = desk.campaign()
    desk.send()
    with write_transaction(desk.store):
        now = read_clock(desk.store)
        who = Refused(desk.world.id, address_hash(reader.email_key or ""), reader.id)
        unsubscribe(desk.store, who, list_id=desk.news.id, now=now)
        ids: dict[str, Any] = {"workspace_id": desk.world.id, "now": now}
        try_out(desk.store, campaign_id, user_id=desk.world.admin.id, **ids)
        ask_to_confirm(desk.store, contact_id=reader.id, list_id=desk.news.id, **ids)
    desk.server.received.clear()

    desk.send()

    test, confirmation = sorted(desk.server.received, key=lambda received: received.recipient == reader.email)
    assert test.recipient == desk.world.admin.email
    assert test.message["Subject"] == "[Test] Hello Ada"
    assert "List-Unsubscribe" not in test.message
    assert confirmation.message["Subject"] == "Please confirm: News"
    assert "https://crm.example/c/" in confirmation.text


def test_consent_that_ends_before_the_message_is_taken_ends_it(desk: Desk) -> None:
    first, second = desk.readers(2)
    desk.campaign()
    with write_transaction(desk.store):
        who = Refused(desk.world.id, address_hash(first.email_key or ""), first.id)
        unsubscribe(desk.store, who, list_id=None, now=read_clock(desk.store))

    assert desk.send() == 1
    assert desk.server.recipients == [second.email]
    assert desk.states() == [("ended", "not_mailable"), ("sent", None)]


def test_a_refused_address_bounces_for_its_list_and_is_suppressed_for_all(desk: Desk) -> None:
    refused, other = desk.readers(2)
    desk.server.of_recipient = {str(refused.email): "550 5.1.1 Unknown"}
    desk.campaign()

    desk.send()

    assert desk.states() == [("ended", "bounced"), ("sent", None)]
    status = select(Subscription.status).where(Subscription.contact_id == refused.id)
    assert desk.store.scalar(status) == "bounced"
    found = desk.store.scalars(select(Suppression).where(Suppression.workspace_id == desk.world.id)).one()
    assert (found.reason, found.list_id, found.contact_id) == ("bounce", None, refused.id)
    assert found.address_hash == address_hash(refused.email_key or "")
    assert desk.trouble() is None
    assert other.id


def test_a_letter_that_is_refused_by_rules_suppresses_no_address(desk: Desk) -> None:
    """A server that will not relay would otherwise take a whole list away."""
    desk.readers(2)
    desk.server.replies = {RCPT: "554 5.7.1 Relay access denied"}
    desk.campaign()
    desk.send()

    assert desk.states() == [("ended", "refused")] * 2
    assert desk.store.scalar(select(Suppression).where(Suppression.workspace_id == desk.world.id)) is None


def test_one_that_is_refused_for_now_is_tried_again_ever_later_and_given_up_at_last(desk: Desk) -> None:
    desk.readers(1)
    desk.server.replies = {RCPT: "450 4.2.1 Try later"}
    desk.campaign()
    waits = []
    for _ in range(PACE.most_attempts):
        before = read_clock(desk.store)
        assert desk.send() == 1
        [message] = desk.messages()
        waits.append(message.due_at - before)
        assert desk.send() == 0, "it must wait"
        desk.later()

    assert desk.states() == [("ended", "gave_up")]
    assert waits[0] >= PACE.retry(1)
    assert waits[3] >= PACE.retry(4) == 8 * PACE.retry(1)
    assert desk.send() == 0


@pytest.mark.parametrize(
    ("step", "reply", "reason"),
    [
        (GREETING, "421 4.3.2 Busy", "server_busy"),
        (MAIL, "550 5.7.1 Not your sender", "sender_refused"),
    ],
)
def test_a_server_in_trouble_costs_no_message_and_is_asked_again_later(
    step: str, reply: str, reason: str, desk: Desk
) -> None:
    desk.readers(5)
    desk.server.replies = {step: reply}
    desk.campaign()
    for tries in (1, 2, 3):
        desk.send()
        trouble = desk.trouble()
        assert trouble is not None
        assert (trouble.reason, trouble.reply, trouble.tries) == (reason, int(reply[:3]), tries)
        assert trouble.again_at >= trouble.since + PACE.pause(tries)
        asked = desk.server.connections
        assert desk.send() == 0
        assert desk.server.connections == asked, "it must wait"
        desk.later()
    desk.server.replies = {}

    assert desk.send() == 5
    assert desk.trouble() is None
    assert [each.attempts for each in desk.messages()] == [1] * 5
    assert len(desk.server.received) == 5


def test_a_server_whose_certificate_is_refused_costs_no_message_and_is_asked_again_later(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certified(tmp_path)
    desk.server.tls = made.context
    desk.readers(3)
    desk.campaign()
    for tries in (1, 2):
        desk.send()
        trouble = desk.trouble()
        assert trouble is not None
        assert (trouble.reason, trouble.reply, trouble.tries) == ("server_not_trusted", None, tries)
        assert desk.send() == 0, "it must wait"
        desk.later()
    assert "MAIL" not in desk.server.heard
    assert desk.states() == [("pending", None)] * 3
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))

    assert desk.send() == 3
    assert desk.trouble() is None
    assert [received.is_encrypted for received in desk.server.received] == [True] * 3


def test_no_answer_is_unknown_and_never_tried_again_and_the_others_wait(desk: Desk) -> None:
    desk.readers(5)
    desk.server.hangs_at = END
    desk.campaign()

    desk.send(Patience(step=60, answer=0.05))

    assert desk.states() == [("ended", "unknown")] * 2 + [("pending", None)] * 3
    assert (desk.trouble() or MailTrouble()).reason == "unknown"
    desk.server.hangs_at = None
    desk.later()
    desk.send()
    assert desk.states() == [("ended", "unknown")] * 2 + [("sent", None)] * 3
    assert len(set(desk.server.recipients)) == len(desk.server.received) == 5


class Whisperer:
    """A way to the server on which something happens while a message is in hand."""

    def __init__(self, office: PostOffice, act: Callable[[], object]) -> None:
        self.office, self.act, self.breadth = office, act, office.breadth

    def send(self, letters: list[Letter]) -> list[Answer]:
        self.act()
        return list(self.office.send(letters))


@pytest.mark.parametrize("reply", ["250 2.0.0 Ok", "450 4.2.1 Later", "550 5.1.1 Unknown"])
def test_a_message_in_hand_when_its_contact_is_deleted_is_not_sent_after_a_restore(
    reply: str, desk: Desk, other: Session, lock: RedisLock
) -> None:
    [reader] = desk.readers(1)
    desk.campaign()
    desk.server.replies = {RCPT: reply}

    def delete_it() -> None:
        with write_transaction(other):
            delete(other, desk.world, other.get_one(Contact, reader.id))

    with closing(desk.office()) as office:
        send_due(desk.store, Whisperer(office, delete_it), pace=PACE)  # type: ignore[arg-type]
    expected = {"2": ("sent", None), "4": ("ended", "contact_deleted"), "5": ("ended", "bounced")}[reply[0]]
    assert desk.states() == [expected]

    desk.server.replies = {}
    Restoring(desk.store, desk.world, lock).restore(reader)
    desk.later()
    assert desk.send() == 0
    assert desk.states() == [expected]
    assert len(desk.server.received) == (1 if reply.startswith("2") else 0)


def test_a_deletion_does_not_wait_for_a_server_that_hangs(desk: Desk, other: Session) -> None:
    """The server has the message, and no transaction is open."""
    [reader] = desk.readers(1)
    desk.campaign()
    seen = []

    def look() -> None:
        seen.append(desk.store.in_transaction())
        with write_transaction(other):
            other.execute(sql_delete(CampaignSend).where(CampaignSend.contact_id == -1))

    with closing(desk.office()) as office:
        send_due(desk.store, Whisperer(office, look), pace=PACE)  # type: ignore[arg-type]
    assert seen == [False]
    assert desk.states() == [("sent", None)]
    assert reader.id


def test_a_process_that_dies_at_any_statement_sends_nothing_twice(
    desk: Desk, engine: Engine, other: Session
) -> None:
    """What it had in hand ends as unknown; all others are sent by the next one."""
    desk.readers(3)
    for statement in range(1, 100):
        if desk.states().count(("pending", None)) < 3:
            desk.campaign()
        with crash_at(engine, other, statement) as crash:
            desk.send(session=other)
        if not crash.happened:
            break
        in_hand = [each for each in desk.messages() if each.taken_at and each.state == "pending"]
        assert len(in_hand) <= 2
        end_lost(desk.store, Pace(lost=0))
        assert all(each.state != "pending" or each.taken_at is None for each in desk.messages())
        ids = desk.server.message_ids
        assert len(set(ids)) == len(ids), f"sent twice, after it died at {statement}"
    assert 10 < statement < 99

    ids = desk.server.message_ids
    assert len(set(ids)) == len(ids)
    by_state = [each.state.value for each in desk.messages()]
    assert "pending" not in by_state
    sent = by_state.count("sent")
    unknown = len(desk.server.received) - sent
    assert 0 <= unknown <= by_state.count("ended")


def test_what_a_dead_process_had_in_hand_is_left_alone_for_a_time(desk: Desk) -> None:
    desk.readers(1)
    desk.campaign()
    with write_transaction(desk.store):
        desk.store.execute(
            update(CampaignSend)
            .where(CampaignSend.workspace_id == desk.world.id)
            .values(taken_at=read_clock(desk.store) - timedelta(seconds=60))
        )
    assert end_lost(desk.store, Pace(lost=61)) == 0
    assert desk.send() == 0
    assert end_lost(desk.store, Pace(lost=59)) == 1
    assert desk.states() == [("ended", "unknown")]
    assert desk.send() == 0


def test_two_processes_share_the_messages(desk: Desk, other: Session) -> None:
    """The second one begins while the first has its messages in hand."""
    desk.readers(6)
    desk.campaign()
    inner: list[int] = []

    def another() -> None:
        if not inner:
            inner.append(0)
            inner[0] = desk.send(session=other)

    with closing(desk.office()) as office:
        assert send_due(desk.store, Whisperer(office, another), pace=PACE) == 2  # type: ignore[arg-type]
    assert inner == [4]
    assert len(set(desk.server.recipients)) == len(desk.server.received) == 6


def test_no_workspace_waits_for_the_whole_campaign_of_another(
    desk: Desk, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.marketing.sending.TURN", 2)
    theirs = new_world(store)
    store.execute(
        update(Workspace)
        .where(Workspace.id == theirs.id)
        .values(sender_email="they@other.example", postal_line="Elsewhere")
    )
    store.commit()
    desk.readers(5)
    desk.campaign()
    another = Desk(store, theirs, desk.server, new_list(store, theirs), Marketing(store, theirs))
    another.readers(1)
    another.campaign()

    desk.send()

    senders = [received.sender for received in desk.server.received]
    assert senders.index("they@other.example") == 2
    assert len(senders) == 6
