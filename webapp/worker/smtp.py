"""One connection to a mail server. It is told step by step how far a message got when something breaks.

Until the end of the data is sent, a server must not deliver the message (RFC 5321, 4.1.1.4): it can be tried
again. From then on it may have been delivered, until the server says no.
"""

import re
import select
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass

import structlog

from webapp.mail_settings import FROM_THE_START, NEVER, REQUIRED, MailServer
from webapp.marketing.transport import Answer, Fate
from webapp.worker.compose import Composed

log = structlog.get_logger()

END_OF_DATA = b".\r\n"
_POLICY = re.compile(rb"5\.7\.\d")


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for, in seconds: for each step, and for its answer to a whole message."""

    step: float = 20.0
    answer: float = 120.0


class _Trouble(Exception):
    """No message can be sent over this connection, and none was."""

    def __init__(self, fate: Fate, code: int | None = None, why: object = "") -> None:
        super().__init__(f"{fate.value} {code or ''} {why}")
        self.answer = Answer(fate, code)


class Connection:
    """Connects when it has to, and keeps the connection for the next message."""

    def __init__(self, server: MailServer, patience: Patience) -> None:
        self.server, self.patience = server, patience
        self._smtp: smtplib.SMTP | None = None
        self._takes_utf8 = False

    def send(self, mail: Composed) -> Answer:
        """Hand over a message. Raises nothing that a server can cause."""
        is_old = self._smtp is not None
        try:
            smtp = self._smtp or self._open()
            if not self._begin(smtp, mail, is_old=is_old):
                # The server has ended a connection that was idle, or has served its share of messages.
                smtp = self._open()
                self._begin(smtp, mail, is_old=False)
            answer = self._hand_over(smtp, mail)
        except _Trouble as trouble:
            log.warning("mail_server", trouble=str(trouble))
            self._drop()
            return trouble.answer
        if answer.fate in (Fate.UNKNOWN, Fate.BROKEN):
            self._drop()
        elif answer.fate != Fate.SENT:
            self._reset(smtp)
        return answer

    def close(self) -> None:
        """Take leave of the server."""
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
        self._drop()

    def _open(self) -> smtplib.SMTP:
        self._drop()
        server = self.server
        smtp: smtplib.SMTP
        if server.tls == FROM_THE_START:
            # Without a context smtplib checks no certificate.
            smtp = smtplib.SMTP_SSL(timeout=self.patience.step, context=ssl.create_default_context())
        else:
            smtp = smtplib.SMTP(timeout=self.patience.step)
        # For the check of its certificate; only the constructor that connects sets it.
        smtp._host = server.host  # type: ignore[attr-defined]
        self._smtp = smtp
        try:
            code, words = smtp.connect(server.host, server.port)
            if smtp.sock is not None:
                # The end of the data follows the data at once; otherwise it would wait for a receipt, 40 ms.
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if code != 220:
                raise _Trouble(Fate.BUSY if code < 500 else Fate.AWAY, code, words)
            self._greet(smtp)
            if server.tls not in (NEVER, FROM_THE_START):
                self._encrypt(smtp)
            self._takes_utf8 = smtp.has_extn("smtputf8")
            if server.password:
                smtp.login(server.user, server.password)
        except smtplib.SMTPAuthenticationError as error:
            code = error.smtp_code
            raise _Trouble(Fate.SIGN_IN_REFUSED if code >= 500 else Fate.BUSY, code) from error
        except smtplib.SMTPNotSupportedError as error:
            raise _Trouble(Fate.SIGN_IN_REFUSED, why=error) from error
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
            raise _Trouble(Fate.BUSY if 400 <= code < 500 else Fate.AWAY, code) from error
        except ssl.SSLCertVerificationError as error:
            raise _Trouble(Fate.NOT_TRUSTED, why=error) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _Trouble(Fate.AWAY, why=f"{type(error).__name__}: {error}") from error
        return smtp

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()

    def _encrypt(self, smtp: smtplib.SMTP) -> None:
        if smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
            self._greet(smtp)
        elif self.server.tls == REQUIRED:
            raise _Trouble(Fate.NO_TLS, why="the server does not offer STARTTLS")

    def _begin(self, smtp: smtplib.SMTP, mail: Composed, *, is_old: bool) -> bool:
        """MAIL FROM. Returns False if an old connection turns out to have ended."""
        if mail.needs_utf8 and not self._takes_utf8:
            # `_hand_over` says so: nothing has been asked yet.
            return True
        options = " SMTPUTF8 BODY=8BITMIME" if mail.needs_utf8 else ""
        smtp.command_encoding = "utf-8" if mail.needs_utf8 else "ascii"
        try:
            code, words = smtp.docmd(f"MAIL FROM:<{mail.from_address}>{options}")
        except (smtplib.SMTPException, OSError) as error:
            if is_old:
                return False
            raise _Trouble(Fate.AWAY, why=f"{type(error).__name__}: {error}") from error
        if code == 421 and is_old:
            return False
        if code != 250:
            raise _Trouble(Fate.SENDER_REFUSED if code >= 500 else Fate.BUSY, code, words)
        return True

    def _hand_over(self, smtp: smtplib.SMTP, mail: Composed) -> Answer:
        if mail.needs_utf8 and not self._takes_utf8:
            return Answer(Fate.NO_UNICODE)
        try:
            for command in (f"RCPT TO:<{mail.to_address}>", "DATA"):
                code, words = smtp.docmd(command)
                if code not in (250, 251, 354):
                    return _refused(code, words)
            smtp.send(_dotted(mail.content))
            if _has_spoken(smtp):
                # It has closed the connection, or says something before its turn: the end is not sent.
                return Answer(Fate.BROKEN)
        except (smtplib.SMTPException, OSError) as error:
            log.warning("mail_connection_broken", why=f"{type(error).__name__}: {error}")
            return Answer(Fate.BROKEN)
        return self._finish(smtp)

    def _finish(self, smtp: smtplib.SMTP) -> Answer:
        assert smtp.sock is not None
        try:
            smtp.sock.settimeout(self.patience.answer)
            smtp.send(END_OF_DATA)
            code, words = smtp.getreply()
            smtp.sock.settimeout(self.patience.step)
        except (smtplib.SMTPException, OSError) as error:
            log.warning("mail_unanswered", why=f"{type(error).__name__}: {error}")
            return Answer(Fate.UNKNOWN)
        if 200 <= code < 300:
            return Answer(Fate.SENT, code)
        return _refused(code, words) if 400 <= code < 600 else Answer(Fate.UNKNOWN, code)

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            code, _ = smtp.docmd("RSET")
        except (smtplib.SMTPException, OSError):
            code = 0
        if code != 250:
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


def _refused(code: int, words: bytes) -> Answer:
    if code == 421:
        # It closes the connection.
        return Answer(Fate.BROKEN, code)
    if code < 500:
        return Answer(Fate.LATER, code)
    # It may not be sent through this server, or is taken for spam (RFC 3463): no fault of the address.
    return Answer(Fate.REFUSED if _POLICY.match(words) else Fate.BOUNCED, code)


def _dotted(content: bytes) -> bytes:
    """The message as data: a line that begins with a dot gets another one (RFC 5321, 4.5.2)."""
    data = content.replace(b"\r\n.", b"\r\n..")
    return (b"." if data.startswith(b".") else b"") + data + (b"" if data.endswith(b"\r\n") else b"\r\n")


def _has_spoken(smtp: smtplib.SMTP) -> bool:
    """Whether something can be read from the connection: an answer, or its end."""
    assert smtp.sock is not None
    if not isinstance(smtp.sock, ssl.SSLSocket):
        return bool(select.select([smtp.sock], [], [], 0)[0])
    # What has arrived may be a message of TLS itself, which is read on the way.
    before = smtp.sock.gettimeout()
    smtp.sock.settimeout(0)
    try:
        smtp.sock.recv(1)
    except ssl.SSLWantReadError:
        return False
    finally:
        smtp.sock.settimeout(before)
    return True
