"""One connection: what it is waiting for, since when, and how it is closed."""

from contextlib import suppress
from socket import SHUT_WR, socket
from time import monotonic
from typing import Any

from waitress.channel import HTTPChannel

from serving.limits import BYTES_A_SECOND, SLOWEST_READER, Limits
from serving.request import Refused, Request
from serving.response import Answer, Refusal


class Connection(HTTPChannel):  # type: ignore[misc]
    """A client's connection, in the hands of the loop; a thread has it only while the app answers.

    Everything here runs in the loop's thread, except `service`.
    """

    parser_class = Request
    task_class = Answer
    error_task_class = Refusal

    request: Request | None
    close_when_flushed: bool

    def __init__(self, server: Any, sock: socket, addr: Any, adj: Any, map: Any = None) -> None:  # noqa: A002
        self.limits: Limits = server.limits
        # When the present wait for the client began.
        self.since = monotonic()
        self.has_asked = False
        # How many bytes were sent, and since when, and from which on, there are some that the client does not
        # take.
        self.sent = self.sent_before = 0
        self.unread_since: float | None = None
        # Whether the next request waits until the client has taken the response to the one before.
        self.is_held = False
        # Set by the thread that writes a refusal.
        self.has_refused = False
        self.lingers_until: float | None = None
        super().__init__(server, sock, addr, adj, map=map)
        # Mostly the request has arrived by now.
        self.handle_read()

    @property
    def is_answered(self) -> bool:
        """Whether no request is complete whose response has not been sent."""
        return not (self.requests or self.total_outbufs_len or self.close_when_flushed)

    @property
    def waits_for_client(self) -> bool:
        """Whether no thread has the connection, or will have it next: it may be closed to make room for
        another one."""
        return not self.requests or self.is_held

    @property
    def waits_since(self) -> float:
        return self.since if self.unread_since is None else self.unread_since

    @property
    def held(self) -> int:
        """How many bytes of an incomplete body are kept."""
        return self.request.body_bytes_received if self.request else 0

    def received(self, data: bytes) -> bool:
        """Take bytes of one or more requests; a new wait begins with each head and each body."""
        before = self.request, bool(self.request and self.request.headers_finished)
        taken: bool = super().received(data)
        if before != (self.request, bool(self.request and self.request.headers_finished)):
            self.since = monotonic()
        return taken

    def readable(self) -> bool:
        return self.lingers_until is not None or bool(super().readable())

    def writable(self) -> bool:
        """Whether the loop has something to send. While a thread is sending, it would only turn in vain."""
        if self.lingers_until is not None:
            return bool(self.will_close)
        if self.requests and self.total_outbufs_len:
            if not self.outbuf_lock.acquire(blocking=False):
                return False
            self.outbuf_lock.release()
        return bool(super().writable())

    def handle_read(self) -> None:
        """Read what has arrived. A client that stops in the middle of a request gets 400: it may still
        read."""
        try:
            data = self.socket.recv(self.adj.recv_bytes)
        except BlockingIOError:
            return
        except OSError:
            self.handle_close()
            return
        if self.lingers_until is not None:
            if not data:
                self.handle_close()
        elif data:
            self.received(data)
        elif self.request is not None:
            self.refuse(400)
        else:
            self.handle_close()

    def handle_write(self) -> None:
        """Send what is there. After a refusal read on for a while: a connection that is closed with unread
        bytes is reset, and the client would not see the refusal."""
        if not (self.close_when_flushed and self.has_refused):
            super().handle_write()
            self._go_on()
            return
        self._flush_exception(self._flush_some)
        if not self.will_close and not self.total_outbufs_len and self.connected:
            self.close_when_flushed = False
            self.lingers_until = monotonic() + self.limits.linger
            with suppress(OSError):
                self.socket.shutdown(SHUT_WR)
        if self.will_close:
            self.handle_close()

    def _go_on(self) -> None:
        """Give the next request to a thread, once the client has taken everything before it. So a client that
        sends many requests and reads nothing takes neither threads nor memory."""
        if self.is_held and not self.total_outbufs_len and self.connected:
            self.is_held = False
            self.server.add_task(self)

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send some of the data; returns how many bytes."""
        sent: int = super().send(data, do_close=do_close) or 0
        self.sent += sent
        return sent

    def refuse(self, code: int) -> None:
        """Answer the incomplete request with a status, and close."""
        with self.requests_lock:
            if self.request is None or self.requests:
                return
            self.request.error = Refused(code)
            self.request.completed = True
            self.requests.append(self.request)
            self.request = None
            self.server.add_task(self)

    def check(self, now: float) -> None:
        """Close the connection, or refuse its request, if a time is up."""
        if self.lingers_until is not None:
            if now > self.lingers_until:
                self.handle_close()
        elif self.is_answered:
            self._check_sending(now)
        else:
            # The wait for the next request begins when this one is answered.
            self.since = now
            self._check_reading(now)
            self._go_on()

    def _check_reading(self, now: float) -> None:
        """The time for reading a response. It runs while there is something to read, and again after each one
        in which the client has taken enough."""
        if not self.total_outbufs_len:
            self.unread_since = None
        elif self.unread_since is None:
            self.unread_since, self.sent_before = now, self.sent
        elif now > self.unread_since + self.limits.body:
            if self.sent - self.sent_before < self.limits.body * SLOWEST_READER:
                # Also wakes the thread that may be waiting for room to write.
                self.handle_close()
            self.unread_since, self.sent_before = now, self.sent

    def _check_sending(self, now: float) -> None:
        """The time for the next request, its head or its body."""
        request, limits = self.request, self.limits
        if request is None:
            if now > self.since + (limits.idle if self.has_asked else limits.head):
                self.handle_close()
        elif not request.headers_finished:
            if now > self.since + limits.head:
                self.refuse(408)
        elif now > self.since + limits.body + request.body_bytes_received / BYTES_A_SECOND:
            self.refuse(408)
