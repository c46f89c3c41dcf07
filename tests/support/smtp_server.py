"""A small mail server on the loopback, which can be told to refuse, to hang, to hang up and to encrypt.

python -m tests.support.smtp_server     prints its port, and receives mail until its input ends
"""

import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

# The steps at which something can go wrong. CONTENT is after the first line of a message, END after its end.
GREETING, EHLO, MAIL, RCPT, DATA, CONTENT, END = "GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT", "END"
STARTTLS = "STARTTLS"

REPLIES = {
    GREETING: "220 mail.test ESMTP",
    EHLO: "250-mail.test\r\n250-SMTPUTF8\r\n250 8BITMIME",
    STARTTLS: "220 2.0.0 Go on",
    MAIL: "250 2.1.0 Ok",
    RCPT: "250 2.1.5 Ok",
    DATA: "354 Go on",
    END: "250 2.0.0 Ok",
    "RSET": "250 2.0.0 Ok",
    "AUTH": "235 2.7.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}


@dataclass(frozen=True)
class Received:
    """A message that the server has taken."""

    sender: str
    recipient: str
    content: bytes
    is_encrypted: bool = False

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class SmtpServer:
    """What it has received, and how it behaves. A test may change its behaviour at any time."""

    port: int = 0
    # In place of REPLIES.
    replies: dict[str, str] = field(default_factory=dict)
    # Of one recipient: what RCPT is answered.
    of_recipient: dict[str, str] = field(default_factory=dict)
    # At which step it says nothing any more, and at which it hangs up.
    hangs_at: str | None = None
    hangs_up_at: str | None = None
    # With it, STARTTLS is offered, or connections are encrypted at once.
    tls: ssl.SSLContext | None = None
    is_encrypted_at_once: bool = False
    received: list[Received] = field(default_factory=list)
    # The commands of all connections.
    heard: list[str] = field(default_factory=list)
    connections: int = 0
    keeps: bool = True
    # Set when it hangs; `let_go` makes it go on.
    is_hanging: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    _open: set[socket.socket] = field(default_factory=set)

    @property
    def url(self) -> str:
        """For SMTP_URL. A server that can encrypt is asked to."""
        if self.is_encrypted_at_once:
            return f"smtps://127.0.0.1:{self.port}"
        return f"smtp://127.0.0.1:{self.port}" + ("?tls=required" if self.tls else "")

    @property
    def message_ids(self) -> list[str]:
        return [str(each.message["Message-ID"]) for each in self.received]

    @property
    def recipients(self) -> list[str]:
        return [each.recipient for each in self.received]

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._talk_to, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        self.let_go.set()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _talk_to(self, connection: socket.socket) -> None:
        with suppress(_HungUp, OSError), closing(connection):
            self._talk(connection)
        self._open.discard(connection)

    def _talk(self, connection: socket.socket) -> None:
        if self.tls is None or not self.is_encrypted_at_once:
            self._reply(connection, GREETING)
            if not self._converse(connection) or self.tls is None:
                return
        with self.tls.wrap_socket(connection, server_side=True) as encrypted:
            # It has taken over the connection.
            self._open.add(encrypted)
            if self.is_encrypted_at_once:
                self._reply(encrypted, GREETING)
            self._converse(encrypted)
        self._open.discard(encrypted)

    def _converse(self, connection: socket.socket) -> bool:
        """Until the client takes leave, or (True) goes on encrypted."""
        lines = connection.makefile("rb")
        offers_tls = self.tls is not None and not isinstance(connection, ssl.SSLSocket)
        sender = recipient = ""
        while line := lines.readline():
            command = line[:4].decode("ascii", "replace").upper().strip()
            argument = line[4:].decode("utf-8").strip()
            self.heard.append(command)
            if command == "MAIL":
                sender = argument.partition("<")[2].partition(">")[0]
                self._reply(connection, MAIL)
            elif command == "RCPT":
                recipient = argument.partition("<")[2].partition(">")[0]
                self._reply(connection, RCPT, self.of_recipient.get(recipient))
            elif command == "DATA":
                if self._reply(connection, DATA).startswith("354"):
                    self._take(connection, lines, sender, recipient)
            elif command in ("EHLO", "HELO"):
                offered = self.replies.get(EHLO, REPLIES[EHLO])
                with_tls = f"250-mail.test\r\n250-STARTTLS\r\n{offered}"
                self._reply(connection, EHLO, with_tls if offers_tls else offered)
            elif command == "STAR" and offers_tls:
                if self._reply(connection, STARTTLS).startswith("220"):
                    return True
            elif command in REPLIES:
                self._reply(connection, command)
                if command == "QUIT":
                    return False
            else:
                connection.sendall(b"502 5.5.1 What?\r\n")
        return False

    def _take(self, connection: socket.socket, lines: "Iterator[bytes]", sender: str, recipient: str) -> None:
        # Nothing comes any more where the other side has gone.
        content = [next(iter(lines), b"")]
        self._stumble(CONTENT)
        for line in lines:
            if line == b".\r\n":
                break
            content.append(line[1:] if line.startswith(b".") else line)
        else:
            return
        reply = self.replies.get(END, REPLIES[END])
        if self.keeps and reply.startswith("2"):
            # Before the reply: one that never arrives was sent nevertheless.
            is_encrypted = isinstance(connection, ssl.SSLSocket)
            self.received.append(Received(sender, recipient, b"".join(content), is_encrypted))
        self._reply(connection, END)

    def _reply(self, connection: socket.socket, step: str, reply: str | None = None) -> str:
        self._stumble(step)
        reply = reply or self.replies.get(step) or REPLIES[step]
        connection.sendall(reply.encode() + b"\r\n")
        if reply.startswith("421"):
            raise _HungUp
        return reply

    def _stumble(self, step: str) -> None:
        if step == self.hangs_up_at:
            raise _HungUp
        if step == self.hangs_at:
            self.is_hanging.set()
            self.let_go.wait()


class _HungUp(Exception):
    """The server ends the connection."""


@contextmanager
def smtp_server(**behaviour: object) -> Iterator[SmtpServer]:
    """A server on a free port of the loopback; `behaviour` is its fields."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=100)) as listener:
        server = SmtpServer(port=listener.getsockname()[1], **behaviour)  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            # Closing alone does not wake the thread that accepts.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            server.stop()


if __name__ == "__main__":
    with smtp_server(keeps=False) as running:
        print(running.port, flush=True)
        sys.stdin.read()
