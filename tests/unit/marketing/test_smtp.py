"""What a mail server does decides what becomes of a message: each case against a real server."""

from collections.abc import Iterator

import pytest

from tests.support.smtp_server import (
    CONTENT,
    DATA,
    EHLO,
    END,
    GREETING,
    MAIL,
    RCPT,
    SmtpServer,
    smtp_server,
)
from webapp.mail_settings import read_smtp_url
from webapp.marketing.transport import Answer, Fate
from webapp.worker.compose import Composed
from webapp.worker.smtp import Connection, Patience

# Long enough for a server that answers. Where one hangs, its answer is not waited for at all.
PATIENT, SHORT = Patience(step=60, answer=60), 0.05
MAIL_OF_ANN = Composed("news@shop.example", "ann@example.com", b"Subject: Hi\r\n\r\n.Hello\r\n", False)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


def send(server: SmtpServer, patience: Patience = PATIENT, mail: Composed = MAIL_OF_ANN) -> Answer:
    connection = Connection(read_smtp_url(server.url), patience)
    try:
        return connection.send(mail)
    finally:
        connection.close()


def test_a_message_arrives_as_it_was_with_its_dots(server: SmtpServer) -> None:
    assert send(server) == Answer(Fate.SENT, 250)

    [received] = server.received
    assert (received.sender, received.recipient) == ("news@shop.example", "ann@example.com")
    assert received.content == MAIL_OF_ANN.content


# Each step's reply, what becomes of the message, and the code that is kept.
REFUSALS = [
    (GREETING, "421 4.3.2 Busy", Fate.BUSY, 421),
    (GREETING, "554 5.3.2 No", Fate.AWAY, 554),
    (MAIL, "451 4.3.0 Later", Fate.BUSY, 451),
    (MAIL, "421 4.3.0 Bye", Fate.BUSY, 421),
    (MAIL, "550 5.7.1 Not your sender", Fate.SENDER_REFUSED, 550),
    (RCPT, "450 4.2.1 Grey", Fate.LATER, 450),
    (RCPT, "421 4.7.0 Slow down", Fate.BROKEN, 421),
    (RCPT, "550 5.1.1 Unknown", Fate.BOUNCED, 550),
    (RCPT, "550 Unknown", Fate.BOUNCED, 550),
    (RCPT, "554 5.7.1 Relay access denied", Fate.REFUSED, 554),
    (DATA, "451 4.3.0 Later", Fate.LATER, 451),
    (DATA, "554 5.5.1 No recipients", Fate.BOUNCED, 554),
    (END, "452 4.3.1 Full", Fate.LATER, 452),
    (END, "421 4.3.2 Bye", Fate.BROKEN, 421),
    (END, "552 5.2.2 Mailbox full", Fate.BOUNCED, 552),
    (END, "554 5.7.1 Spam", Fate.REFUSED, 554),
    (END, "what?", Fate.UNKNOWN, -1),
]


def test_what_each_refusal_means(server: SmtpServer) -> None:
    for step, reply, fate, code in REFUSALS:
        server.replies = {step: reply}
        assert send(server) == Answer(fate, code), (step, reply)
    assert server.received == []


@pytest.mark.parametrize(
    ("step", "fate"),
    [(GREETING, Fate.AWAY), (EHLO, Fate.AWAY), (MAIL, Fate.AWAY), (RCPT, Fate.BROKEN), (DATA, Fate.BROKEN)],
)
def test_a_server_that_hangs_or_hangs_up_before_the_data_can_be_tried_again(
    server: SmtpServer, step: str, fate: Fate
) -> None:
    server.hangs_up_at = step
    assert send(server) == Answer(fate)
    server.hangs_up_at, server.hangs_at = None, step
    assert send(server, Patience(step=SHORT, answer=60)) == Answer(fate)
    assert server.received == []


def test_no_answer_to_the_whole_message_is_unknown(server: SmtpServer) -> None:
    """It was received, or it was not: the one who sends cannot know."""
    server.hangs_at = END
    assert send(server, Patience(step=60, answer=SHORT)) == Answer(Fate.UNKNOWN)
    server.let_go.set()
    server.hangs_up_at, server.hangs_at = END, None
    assert send(server) == Answer(Fate.UNKNOWN)
    assert len(server.received) == 2


def test_a_connection_that_breaks_in_the_middle_of_a_long_message_can_be_tried_again(
    server: SmtpServer,
) -> None:
    """The end of the data was not sent, so no server may deliver it."""
    server.hangs_up_at = CONTENT
    long = Composed("a@shop.example", "b@example.com", b"Subject: x\r\n\r\n" + b"line\r\n" * 4_000_000, False)

    assert send(server, mail=long) == Answer(Fate.BROKEN)
    assert server.received == []


def test_a_connection_is_kept_and_one_that_the_server_ended_is_replaced(server: SmtpServer) -> None:
    connection = Connection(read_smtp_url(server.url), PATIENT)
    assert [connection.send(MAIL_OF_ANN).fate for _ in range(3)] == [Fate.SENT] * 3
    assert server.connections == 1
    server.stop()

    assert connection.send(MAIL_OF_ANN).fate == Fate.SENT
    assert server.connections == 2
    server.replies = {RCPT: "550 5.1.1 Unknown"}
    assert connection.send(MAIL_OF_ANN).fate == Fate.BOUNCED
    server.replies = {}
    assert connection.send(MAIL_OF_ANN).fate == Fate.SENT
    assert server.connections == 2
    connection.close()


def test_without_a_server_or_without_encryption_that_is_required_nothing_is_sent(
    server: SmtpServer,
) -> None:
    with smtp_server() as gone:
        pass
    assert send(gone) == Answer(Fate.AWAY)
    strict = Connection(read_smtp_url(server.url + "?tls=required"), PATIENT)
    assert strict.send(MAIL_OF_ANN) == Answer(Fate.NO_TLS)
    assert server.received == []


def test_a_server_that_refuses_the_password_takes_no_message(server: SmtpServer) -> None:
    url = f"smtp://user:wrong@127.0.0.1:{server.port}"
    server.replies = {EHLO: "250-mail.test\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 No"}
    assert Connection(read_smtp_url(url), PATIENT).send(MAIL_OF_ANN) == Answer(Fate.SIGN_IN_REFUSED, 535)
    server.replies["AUTH"] = "454 4.7.0 Later"
    assert Connection(read_smtp_url(url), PATIENT).send(MAIL_OF_ANN) == Answer(Fate.BUSY, 454)
    server.replies["AUTH"] = "235 2.7.0 Ok"
    connection = Connection(read_smtp_url(url), PATIENT)
    assert connection.send(MAIL_OF_ANN).fate == Fate.SENT
    connection.close()


def test_an_address_in_other_letters_needs_a_server_that_knows_them(server: SmtpServer) -> None:
    mail = Composed("news@shop.example", "jürgen@example.com", "To: jürgen\r\n\r\nx\r\n".encode(), True)
    assert send(server, mail=mail) == Answer(Fate.SENT, 250)
    assert server.recipients == ["jürgen@example.com"]
    server.replies = {EHLO: "250 mail.test"}
    assert send(server, mail=mail) == Answer(Fate.NO_UNICODE)
