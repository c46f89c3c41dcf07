"""`flask mail bounces`: late bounces and complaints, as mail servers write them, about messages that were
really sent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, subscribe
from tests.factories.people import World
from tests.support.sent import Sent, sent_to
from webapp.models import CampaignSend, Contact, MailingList, Subscription, Suppression

DSN = """\
From: MAILER-DAEMON@mx.example
To: news@shop.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=b="

--=b=
Content-Type: text/plain

I am sorry.

--=b=
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}

--=b=
Content-Type: {kind}

{returned}
--=b=--
"""
ARF = """\
From: abuse@mx.example
Subject: Abuse
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=b="

--=b=
Content-Type: text/plain

This is an abuse report.

--=b=
Content-Type: message/feedback-report

Feedback-Type: {feedback}
User-Agent: SomeGenerator/1.0
Version: 1

--=b=
Content-Type: message/rfc822

{returned}
--=b=--
"""


@pytest.fixture
def news(store: Session, world: World) -> MailingList:
    return new_list(store, world, "News")


@pytest.fixture
def reader(store: Session, world: World, news: MailingList) -> Contact:
    contact = new_contact(store, world)
    subscribe(store, contact, news, "subscribed")
    store.commit()
    return contact


@pytest.fixture
def sent(store: Session, world: World, news: MailingList, reader: Contact) -> Sent:
    return sent_to(store, world, news, reader)


@pytest.fixture
def read(app: Flask, tmp_path: Path) -> Callable[..., str]:
    def run(*texts: str | bytes, name: str = "bounce.eml") -> str:
        path = tmp_path / name
        path.write_bytes(b"".join(text.encode() if isinstance(text, str) else text for text in texts))
        return str(app.test_cli_runner().invoke(args=["mail", "bounces", str(path)]).output)

    return run


@pytest.fixture
def suppressions(world: World, stored: Callable[..., list[Any]]) -> Callable[[], list[str]]:
    query = select(Suppression).where(Suppression.workspace_id == world.id).order_by(Suppression.id)
    return lambda: [row.reason.value for row in stored(query) if row.list_id is None]


def dsn(sent: Sent, **changes: str) -> str:
    values = {
        "recipient": sent.recipient,
        "action": "failed",
        "status": "5.1.1",
        "kind": "message/rfc822",
        "returned": sent.content,
    }
    return DSN.format(**values | changes)


def test_a_late_bounce_suppresses_the_address_once(
    read: Any, sent: Sent, reader: Contact, suppressions: Any, stored: Any
) -> None:
    assert "suppressed, because it bounces" in read(dsn(sent))
    assert "known already" in read(dsn(sent))

    assert suppressions() == ["bounce"]
    [subscription] = stored(select(Subscription).where(Subscription.contact_id == reader.id))
    [message] = stored(select(CampaignSend).where(CampaignSend.contact_id == reader.id))
    assert (subscription.status, message.state, message.ended_why) == ("bounced", "ended", "bounced")


@pytest.mark.parametrize("kept", ["Message-ID", "List-Unsubscribe"])
def test_one_of_the_two_headers_is_enough(kept: str, read: Any, sent: Sent, suppressions: Any) -> None:
    headers = "\n".join(line for line in sent.headers if line.startswith((kept, "Subject")))
    assert "it bounces" in read(dsn(sent, kind="text/rfc822-headers", returned=headers + "\n"))
    assert suppressions() == ["bounce"]


def test_a_complaint_suppresses_the_address_for_all_lists(
    read: Any, sent: Sent, store: Session, world: World, reader: Contact, suppressions: Any, stored: Any
) -> None:
    """Also while its contact is deleted."""
    other = new_list(store, world)
    subscribe(store, reader, other, "subscribed")
    delete(store, world, reader)
    store.commit()

    assert "has complained" in read(ARF.format(feedback="abuse", returned=sent.content))
    assert suppressions() == ["complaint"]
    rows = stored(select(Subscription).where(Subscription.contact_id == reader.id))
    assert [row.status for row in rows] == ["unsubscribed"] * 2


def test_what_is_no_refusal_or_not_ours_changes_nothing(
    read: Any, sent: Sent, suppressions: Any, elsewhere: World
) -> None:
    forged = sent.content.replace(sent.mark, sent.mark[:-1] + ("0" if sent.mark[-1] != "0" else "1"))
    forged = forged.replace("/u/", "/x/")
    for text, said in (
        (dsn(sent, action="delayed", status="4.4.7"), "no permanent refusal"),
        (dsn(sent, action="delivered", status="2.0.0"), "no permanent refusal"),
        (dsn(sent, status="5.7.1"), "no permanent refusal"),
        (ARF.format(feedback="not-spam", returned=sent.content), "no permanent refusal"),
        (dsn(sent, returned=forged), "no message of ours"),
        (dsn(sent, returned="Subject: other\n"), "no message of ours"),
        (
            dsn(sent, recipient="other@x.example", kind="text/rfc822-headers", returned=sent.headers[0]),
            "no message of ours",
        ),
        (sent.content, "no bounce and no complaint"),
        ("", "no bounce and no complaint"),
        (b"\0\xff\xfe" * 100, "no bounce and no complaint"),
        ("Content-Type: multipart/report; boundary=x\n\n--x\n", "no bounce and no complaint"),
        ("Content-Type: multipart/report; boundary=x\n\n--x\n\n--x--\n", "no bounce and no complaint"),
    ):
        output = read(text)
        assert said in output, (text, output)
        assert "0 addresses suppressed." in output
    assert suppressions() == []


def test_an_mbox_file_is_read_message_by_message_and_a_missing_file_is_named(
    app: Flask, read: Any, sent: Sent, tmp_path: Path
) -> None:
    head = "From MAILER-DAEMON Thu Nov 26 10:00:00 2026\n"
    output = read(head, "Subject: hello\n\nFrom here on, no report.\n\n", head, dsn(sent), name="mbox")
    assert "message 1: no bounce" in output
    assert "message 2: the address is suppressed" in output

    result = app.test_cli_runner().invoke(args=["mail", "bounces", str(tmp_path / "none.eml")])
    assert result.exit_code == 1
    assert "none.eml cannot be read" in result.output


def test_standard_input_is_read(app: Flask, sent: Sent) -> None:
    result = app.test_cli_runner().invoke(args=["mail", "bounces", "-"], input=dsn(sent).encode())
    assert "1 address suppressed." in result.output
