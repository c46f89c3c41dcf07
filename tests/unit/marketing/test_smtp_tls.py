"""Encrypted connections to a mail server: only one with the right certificate hears of a message."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificates import Certified, certified
from tests.support.smtp_server import EHLO, STARTTLS, SmtpServer, smtp_server
from webapp.mail_settings import read_smtp_url
from webapp.marketing.transport import Answer, Fate
from webapp.worker.compose import Composed
from webapp.worker.smtp import Connection, Patience

PATIENT = Patience(step=60, answer=60)
MAIL = Composed("news@shop.example", "ann@example.com", b"Subject: Hi\r\n\r\nHello\r\n", False)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("mail"))


@pytest.fixture(params=[False, True], ids=["starttls", "smtps"])
def server(ours: Certified, request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with smtp_server(tls=ours.context, is_encrypted_at_once=request.param) as server:
        yield server


@pytest.fixture
def trusted(ours: Certified, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The authority is one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.authority))
    return ours.authority


def send(url: str) -> Answer:
    connection = Connection(read_smtp_url(url), PATIENT)
    try:
        return connection.send(MAIL)
    finally:
        connection.close()


@pytest.mark.usefixtures("trusted")
def test_a_message_is_sent_encrypted_and_so_is_the_password(server: SmtpServer) -> None:
    server.replies = {EHLO: "250-mail.test\r\n250 AUTH PLAIN"}
    assert send(server.url.replace("127.0.0.1", "user:word@127.0.0.1")) == Answer(Fate.SENT, 250)

    [received] = server.received
    assert (received.recipient, received.content) == (MAIL.to_address, MAIL.content)
    assert received.is_encrypted
    greeting = ["EHLO"] if server.is_encrypted_at_once else ["EHLO", "STAR", "EHLO"]
    assert server.heard == [*greeting, "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]


def test_a_server_with_the_certificate_of_a_stranger_hears_nothing(server: SmtpServer) -> None:
    urls = [server.url.replace("127.0.0.1", "user:word@127.0.0.1")]
    if not server.is_encrypted_at_once:
        # One that can encrypt is not asked to go on without it.
        urls.append(server.url.replace("required", "offered"))
    for url in urls:
        assert send(url) == Answer(Fate.NOT_TRUSTED)
    assert not {"AUTH", "MAIL"} & {*server.heard}
    assert server.received == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_host_is_refused(server: SmtpServer) -> None:
    assert send(server.url.replace("127.0.0.1", "localhost")) == Answer(Fate.NOT_TRUSTED)
    assert not {"AUTH", "MAIL"} & {*server.heard}


@pytest.mark.usefixtures("trusted")
def test_a_server_that_does_not_encrypt_as_it_was_asked_to_hears_nothing() -> None:
    with smtp_server() as plain:
        asked = f"smtp://user:word@127.0.0.1:{plain.port}?tls=required"
        assert send(asked) == Answer(Fate.NO_TLS)
        assert plain.heard == ["EHLO"]
        assert send(asked.replace("required", "offered").replace("user:word@", "")) == Answer(Fate.SENT, 250)


@pytest.mark.usefixtures("trusted")
def test_a_server_that_cannot_encrypt_for_now_is_asked_again_later(ours: Certified) -> None:
    with smtp_server(tls=ours.context, replies={STARTTLS: "454 4.7.0 Not now"}) as server:
        assert send(server.url) == Answer(Fate.BUSY, 454)
        assert not {"AUTH", "MAIL"} & {*server.heard}
