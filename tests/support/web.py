"""The web as it is deployed, in its own process, and a client that sends raw bytes."""

import errno
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.factories.people import PASSWORD
from tests.support.browser import TOKEN
from tests.support.processes import CHECKOUT, wait_until

SESSION = re.compile(rb"set-cookie: session=([^;]+)", re.IGNORECASE)
SCOPE = re.compile(r'name="scope" value="([^"]+)"')
FORM = b"Content-Type: application/x-www-form-urlencoded"


@dataclass
class Wire:
    """A connection to the web; `cookie` and `token` are a signed-in admin's."""

    port: int
    cookie: bytes = b""
    token: bytes = b""

    def send(self, request: bytes) -> bytes:
        """Send the bytes, shut down writing, and read the whole response."""
        answer = b""
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=20)) as wire:
            with early_close():
                wire.sendall(request)
                wire.shutdown(socket.SHUT_WR)
            with early_close():
                while part := wire.recv(65536):
                    answer += part
        return answer

    def ask(self, line: bytes, *headers: bytes, body: bytes = b"", host: bytes = b"localhost") -> bytes:
        """Send a request with these headers, host, cookie and `Connection: close`."""
        fixed = [
            line + b" HTTP/1.1",
            b"Host: " + host,
            b"Connection: close",
            b"Cookie: session=" + self.cookie,
        ]
        return self.send(b"\r\n".join([*fixed, *headers, b"", body]))

    def get(self, path: str) -> bytes:
        return self.ask(b"GET " + path.encode())

    def post(self, path: str, fields: str) -> bytes:
        """Submit a form with these fields and the token."""
        body = b"csrf_token=" + self.token + b"&" + fields.encode()
        return self.ask(b"POST " + path.encode(), FORM, length(body), body=body)

    def confirm_all(self) -> bytes:
        """Open the dialog for all deleted contacts and press its button."""
        scope = SCOPE.search(self.get("/contacts/restore/confirm-all").decode())
        assert scope is not None
        return self.post("/restores", urlencode({"scope": scope[1]}))

    def sign_in(self, email: str) -> None:
        form = self.get("/login")
        self.cookie, self.token = cookie_in(form), token_in(form)
        self.cookie = cookie_in(self.post("/login", f"email={email}&password={PASSWORD}"))
        self.token = token_in(self.get("/contacts"))


@contextmanager
def early_close() -> Iterator[None]:
    """End the block when the server has closed the connection, which it may before it has read everything."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN):
            raise


def length(body: bytes) -> bytes:
    return b"Content-Length: %d" % len(body)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def cookie_in(answer: bytes) -> bytes:
    found = SESSION.search(answer)
    assert found is not None, answer[:300]
    return found[1]


def token_in(answer: bytes) -> bytes:
    found = TOKEN.search(answer.decode())
    assert found is not None, answer[:300]
    return found[1].encode()


@dataclass
class WebProcess:
    """A running web, with one process and a few threads to answer."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def wire(self, email: str) -> Wire:
        """A connection with the session of an admin."""
        wire = Wire(self.port)
        wire.sign_in(email)
        return wire


@contextmanager
def web_process(
    environ: dict[str, str], log: Path, *, processes: int = 1, threads: int = 2, app: str = ""
) -> Iterator[WebProcess]:
    """The web as the Procfile starts it, on its own port; it listens when the block begins."""
    port = free_port()
    line = next(line for line in (CHECKOUT / "Procfile").read_text().splitlines() if line.startswith("web:"))
    # Not as in production, because there cookies travel over HTTPS only.
    command = f"{line.partition('APP_ENV=production ')[2]} --bind 127.0.0.1:{port} {app}"
    settings = {"WEB_CONCURRENCY": str(processes), "WEB_THREADS": str(threads)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *shlex.split(command)],
            cwd=CHECKOUT,
            env=os.environ | settings | environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )

    def listens() -> bool:
        assert process.poll() is None, log.read_text()
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(listens)
        yield WebProcess(process, port, log)
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
