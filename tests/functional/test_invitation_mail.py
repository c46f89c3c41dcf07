"""Where a mail server is set up, the link goes to the invited person alone, in a plain message."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.inviting import invite, new_address
from tests.support.personal_mail import forget_personal_mail
from tests.support.smtp_server import SmtpServer, smtp_server
from webapp.extensions import db
from webapp.models import Workspace
from webapp.web.throttle import Budget
from webapp.worker.link_sender import LinkSender
from webapp.worker.services import services

PUBLIC_URL = "https://crm.example"


@pytest.fixture
def mail_server() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def mailing(environ: dict[str, str], mail_server: SmtpServer, store: Session) -> Iterator[Flask]:
    """An app with a mail server. What other tests have asked for is not sent."""
    forget_personal_mail(store)
    with another_app(environ, SMTP_URL=mail_server.url, PUBLIC_URL=PUBLIC_URL) as app:
        yield app


def work(app: Flask) -> None:
    with app.app_context():
        mail = services().mail
        assert mail.server
        with closing(LinkSender(mail.server, PUBLIC_URL, None, mail.patience, mail.pace)) as sender:
            sender.send_due(db.session(), lambda: False)


def test_the_link_is_sent_to_the_person_and_shown_to_nobody(
    mailing: Flask,
    mail_server: SmtpServer,
    world: World,
    store: Session,
    browse: Callable[..., Browser],
) -> None:
    """A name cannot add a line to the head of the message."""
    store.get_one(Workspace, world.id).name = "North\r\nBcc: all@example.com\u2028wind"
    store.commit()
    admin, email = Browser(mailing, world.admin), new_address()

    page = invite(admin, email, "Pat\u2028Bcc: x@example.com")
    work(mailing)

    assert "The invitation is sent." in page.text
    assert not page.all("#link")
    assert "invitation?token" not in str(page.document)
    [received] = mail_server.received
    assert received.recipient == email
    assert received.message["Subject"] == "Invitation to North Bcc: all@example.com wind"
    assert received.message.get_all("Bcc") is None
    assert received.message.get_content_type() == "text/plain"
    link = next(line for line in received.text.splitlines() if line.startswith(PUBLIC_URL))
    assert browse().get(link.removeprefix(PUBLIC_URL)).status == 200
    sent = admin.get(page.path)
    assert "The message was sent just now." in sent.text
    again = admin.press(sent, "Send again")
    work(mailing)
    assert "The invitation is sent." in again.text
    assert len(mail_server.received) == 2


def test_an_admin_cannot_fill_the_mailboxes_of_strangers(
    mailing: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour's budget of each Admin counts new invitations and repeated ones."""
    monkeypatch.setattr("webapp.views.invitations.INVITED", Budget("invited", 2, 3600))
    admin = Browser(mailing, world.admin)
    page = invite(admin, new_address())
    admin.press(page, "Send again")

    refused, again = invite(admin, new_address()), admin.press(admin.get(page.path), "Send again")

    for answer in (refused, again):
        assert (answer.status, "Wait 60 minutes" in answer.complaint) == (429, True)
        assert 0 < int(answer.headers["Retry-After"]) <= 3600
