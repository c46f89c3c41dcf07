"""Clients that are slow, many or ambiguous, on the wire of the web that the Procfile starts.

None of them keeps another one from being answered (docs/adr/0033).
"""

import os
import re
import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from time import monotonic

import psutil
import pytest
from sqlalchemy import Engine, text

from serving.limits import LARGEST_BODY, LARGEST_HEAD, LONGEST_LINE
from tests.support.processes import PATIENCE, children, wait_until
from tests.support.web import FORM, WebProcess, Wire, early_close, length, status
from webapp.web.bodies import UPLOADS
from webapp.web.headers import HEADERS

# One database is enough for this.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

HEAD = b"POST /login HTTP/1.1\r\nHost: localhost\r\n" + FORM + b"\r\n"


class Client:
    """A connection that has sent `first`, and sends the bytes of `trickle` when it is told to."""

    def __init__(self, port: int, first: bytes, trickle: bytes = b"") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.address = self.socket.getsockname()
        self.socket.sendall(first)
        self.trickle = iter(trickle)
        self.answer = b""
        self.is_closed = False

    def drip(self) -> None:
        """Send one byte more."""
        byte = next(self.trickle, None)
        if byte is not None:
            with early_close():
                self.socket.sendall(bytes([byte]))

    def read(self) -> None:
        """Take what has arrived."""
        part = b""
        with early_close():
            part = self.socket.recv(65536)
        self.answer += part
        self.is_closed = not part


@contextmanager
def clients(port: int, count: int, first: bytes, trickle: bytes = b"") -> Iterator[list[Client]]:
    with ExitStack() as stack:
        yield [stack.enter_context(closing_socket(Client(port, first, trickle))) for _ in range(count)]


@contextmanager
def closing_socket(client: Client) -> Iterator[Client]:
    with closing(client.socket):
        yield client


def until_closed(some: list[Client], between: Callable[[], None] = lambda: None) -> None:
    """Read until the server has closed every connection; each client drips, and `between` is called, at every
    turn."""
    deadline = monotonic() + PATIENCE
    while waiting := [one for one in some if not one.is_closed]:
        assert monotonic() < deadline, f"{len(waiting)} connections are still open"
        ready, _, _ = select.select([one.socket for one in waiting], [], [], 0.05)
        for one in waiting:
            one.read() if one.socket in ready else one.drip()
        between()


def health(wire: Wire) -> None:
    assert status(wire.ask(b"GET /healthz")) == 200


def check_headers(answer: bytes) -> None:
    head = answer.partition(b"\r\n\r\n")[0].decode()
    assert {name: value for name, value in HEADERS.items() if f"{name}: {value}" in head} == HEADERS
    assert "Server:" not in head


def test_slow_clients_hold_nothing_up_and_are_refused_in_time(web: WebProcess, wire: Wire) -> None:
    """24 of each kind, for two threads: one byte, a head that trickles, a body that never comes, and one that
    trickles. A connection without any request is closed without a word. Clients that ask for a file a
    thousand times and take none of it get no more answers than the system buffers, and are given up."""
    slow = [
        (b"G", b""),
        (b"GET / HTTP/1.1\r\n", b"X-Slow: " + b"a" * 9_000),
        (HEAD + b"Content-Length: 999\r\n\r\n", b""),
        (HEAD + b"Content-Length: 999999\r\n\r\n", b"a" * 9_000),
    ]
    file = "/static/app.js"
    greedy = f"GET {file} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 1000
    (worker,) = children(web.process.pid)
    with (
        clients(wire.port, 2, greedy) as deaf,
        clients(wire.port, 1, b"") as (silent,),
        ExitStack() as stack,
    ):
        some = [
            client
            for first, trickle in slow
            for client in stack.enter_context(clients(wire.port, 24, first, trickle))
        ]
        until_closed([*some, silent], lambda: health(wire))
        wait_until(lambda: not {one.address for one in deaf} & addresses(worker))

    assert silent.answer == b""
    assert 0 < len(re.findall(f"path={file} .*status=200", web.log.read_text())) < 2 * 250
    for client in some:
        assert status(client.answer) == 408
        assert b"did not arrive in time" in client.answer
        check_headers(client.answer)


def addresses(pid: int) -> set[object]:
    """The clients that a process is connected to."""
    return {connection.raddr for connection in psutil.Process(pid).net_connections()}


def test_of_200_connections_the_oldest_give_way(wire: Wire) -> None:
    """The process has 100. Those that wait for longest are closed, and each new client is served."""
    with clients(wire.port, 200, b"G") as some:
        until_closed(some, lambda: health(wire))

    refused = [client for client in some if client.answer]
    assert 0 < len(refused) <= 100
    assert {status(client.answer) for client in refused} == {408}


def test_a_body_above_the_limit_is_refused_before_it_is_sent(wire: Wire) -> None:
    """With the page of the app, which says what to do; a client that asks first is not told to go on."""
    largest = max(upload.largest for upload in UPLOADS.values())
    assert largest < LARGEST_BODY

    for path, said in (
        (b"/contacts/import", b"The file is larger than 20 MB."),
        (b"/contacts/delete", b"Send less. Nothing was changed."),
    ):
        with closing(socket.create_connection(("127.0.0.1", wire.port), timeout=PATIENCE)) as client:
            client.sendall(
                b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nCookie: session=" + wire.cookie + b"\r\n"
                b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
            )
            answer = b""
            while part := client.recv(65536):
                answer += part
        assert status(answer) == 413
        assert said in answer
        check_headers(answer)


SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
AMBIGUOUS = {
    "two lengths": b"Content-Length: 0\r\nContent-Length: 46\r\n\r\n",
    "two lengths in one": b"Content-Length: 0, 46\r\n\r\n",
    "a length with a sign": b"Content-Length: +46\r\n\r\n",
    "a length of thousands of digits": b"Content-Length: " + b"1" * 5000 + b"\r\n\r\n",
    "a length and chunks": b"Content-Length: 46\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks of nothing": b"Transfer-Encoding:\r\nContent-Length: 0\r\n\r\n",
    "chunks after a line break": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"Content-Length : 46\r\n\r\n",
    "bare line feeds": b"X: y\n\n",
    "a bare line feed": b"X: y\nContent-Length: 46\r\n\r\n",
    "a bare carriage return": b"X: y\rContent-Length: 46\r\n\r\n",
    "two hosts": b"Host: evil.example\r\n\r\n",
    "a NUL": b"X: \x00\r\n\r\n",
}


@pytest.mark.parametrize("what", AMBIGUOUS)
def test_a_request_that_two_servers_could_read_differently_is_refused(wire: Wire, what: str) -> None:
    """And nothing behind it is answered."""
    answer = wire.send(b"POST /login HTTP/1.1\r\nHost: localhost\r\n" + AMBIGUOUS[what] + SMUGGLED)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in answer
    check_headers(answer)


UNREADABLE = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "no version": (b"GET /\r\n\r\n", 400),
    "another version": (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 400),
    "chunks in the old version": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "no request": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "an address of no host": (b"GET http://[::1/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "a control character in the address": (b"GET /\x1b[2J HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "a long address": (b"GET /" + b"a" * LONGEST_LINE + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "a long address without an end": (b"GET /" + b"a" * 2 * LONGEST_LINE, 414),
    "a large head": (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * LARGEST_HEAD, 431),
    "an unknown encoding": (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_an_unreadable_request_gets_the_servers_own_refusal(wire: Wire, what: str) -> None:
    request, expected = UNREADABLE[what]

    answer = wire.send(request)

    assert status(answer) == expected
    assert b"Nothing was changed." in answer
    check_headers(answer)


def test_requests_follow_each_other_on_one_connection(wire: Wire) -> None:
    """Sent at once, and one after the other."""
    one = b"GET /%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    at_once = one % (b"healthz", b"") + one % (b"nothing", b"") + one % (b"healthz", b"")
    with closing(socket.create_connection(("127.0.0.1", wire.port), timeout=PATIENCE)) as client:
        answers = client.makefile("rb")

        def next_answer() -> tuple[int, bytes]:
            head = b"".join(iter(answers.readline, b"\r\n"))
            body = answers.read(int(re.findall(rb"Content-Length: (\d+)", head)[0]))
            return status(head), body

        client.sendall(at_once)
        assert [next_answer()[0] for _ in range(3)] == [200, 404, 200]
        client.sendall(one % (b"healthz", b""))
        assert next_answer() == (200, b'{"ok":true}\n')
        client.sendall(one % (b"healthz", b"Connection: close\r\n"))
        assert next_answer()[0] == 200
        assert answers.read() == b""


def test_no_request_forges_a_line_of_the_log(web: WebProcess, wire: Wire) -> None:
    """Nor does the log tell what was asked for."""
    before = len(web.log.read_text())

    wire.ask(b"GET /nothing%0A203.0.113.5%20%22GET%20/%22%1B%5B2J%C2%85?q=secret", b"X-Request-Id: a; b")

    wait_until(lambda: "status=404" in web.log.read_text()[before:])
    logged = web.log.read_text()[before:]
    assert not [text for text in ("203.0.113.5", "secret", "\x1b") if text in logged]


def test_a_process_that_is_stopped_finishes_what_has_begun(
    web: WebProcess, wire: Wire, engine: Engine
) -> None:
    """One request is half sent; another one waits in the app for the database. Another process follows."""
    (worker,) = children(web.process.pid)
    threads = psutil.Process(worker).num_threads()
    body = b"email=ann%40example.com&password=x&csrf_token=" + wire.token
    half = (
        b"POST /nothing HTTP/1.1\r\nHost: localhost\r\n"
        + FORM
        + b"\r\n"
        + length(body)
        + b"\r\n\r\n"
        + body[:9]
    )
    with (
        clients(wire.port, 1, half) as (sending,),
        engine.connect().execution_options(writes=True) as connection,
        closing(socket.create_connection(("127.0.0.1", wire.port), timeout=PATIENCE)) as waiting,
    ):
        connection.execute(text("SELECT 1"))
        fields = b"name=New&csrf_token=" + wire.token
        waiting.sendall(
            b"POST /tags HTTP/1.1\r\nHost: localhost\r\nCookie: session="
            + wire.cookie
            + b"\r\n"
            + FORM
            + b"\r\n"
            + length(fields)
            + b"\r\n\r\n"
            + fields
        )
        idle = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with clients(wire.port, 1, idle) as (kept,):
            while not kept.answer.endswith(b"}\n"):
                kept.read()
            os.kill(worker, signal.SIGTERM)
            sending.socket.sendall(body[9:])
            connection.rollback()
            until_closed([sending, kept])
        answer = b""
        while part := waiting.recv(65536):
            answer += part

    assert status(answer) == 303
    assert status(sending.answer) in (404, 405)
    for stopped in (answer, sending.answer):
        assert b"Connection: close" in stopped
    assert kept.answer.count(b"HTTP/1.1 ") == 1
    wait_until(lambda: children(web.process.pid) not in ([], [worker]))
    health(wire)
    # WEB_CONCURRENCY is 1; WEB_THREADS is 2, with the loop.
    (other,) = children(web.process.pid)
    assert psutil.Process(other).num_threads() == threads == 3
