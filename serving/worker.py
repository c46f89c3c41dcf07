"""gunicorn's worker class: waitress's loop on gunicorn's sockets."""

import logging
import os
import resource
import socket
from collections.abc import Iterable
from dataclasses import replace
from time import monotonic
from typing import Any, ClassVar

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer, UnixWSGIServer
from waitress.task import ThreadedTaskDispatcher

from serving.connection import Connection
from serving.limits import BODY_IN_MEMORY, HELD_BODIES, LARGEST_BODY, LARGEST_HEAD, LARGEST_RESPONSE, Limits

# Seconds between two looks at the times of all connections.
TICK = 0.25
# A stopping process keeps idle connections open for so long: a proxy may just be sending a request on one.
LAST_CALL = 1.0
OTHER_DESCRIPTORS = 100

Connections = dict[int, Connection]


class Listening:
    """A listening socket. Where the connections are as many as they may be, the one that has kept us waiting
    for longest gives way to a new one."""

    channel_class = Connection
    active_channels: Connections
    accepting: bool
    worker: "BufferingWorker"
    limits: Limits
    headers: list[tuple[str, str]]

    def readable(self) -> bool:
        if not self.accepting:
            return False
        return self._has_room() or any(other.waits_for_client for other in self.active_channels.values())

    def add_task(self, connection: Connection) -> None:
        """Give the connection's next request to a thread; not while the client has a response to take."""
        if connection.total_outbufs_len:
            connection.is_held = True
        else:
            super().add_task(connection)  # type: ignore[misc]

    def handle_accept(self) -> None:
        if not self._has_room():
            waiting = (other for other in self.active_channels.values() if other.waits_for_client)
            longest = min(waiting, key=lambda other: other.waits_since, default=None)
            if longest is None:
                return
            longest.handle_close()
        super().handle_accept()  # type: ignore[misc]

    def _has_room(self) -> bool:
        return len(self.active_channels) < self.limits.connections


class TcpListening(Listening, TcpWSGIServer):  # type: ignore[misc]
    pass


class UnixListening(Listening, UnixWSGIServer):  # type: ignore[misc]
    pass


class BufferingWorker(Worker):  # type: ignore[misc]
    """Runs one process. `limits` is set by `gunicorn.conf.py`."""

    limits: ClassVar[Limits] = Limits()

    alive: bool

    def init_process(self) -> None:
        # More requests than threads are no trouble.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        super().init_process()

    def run(self) -> None:
        """Answer until the process is told to stop, or has answered as many requests as it may."""
        self.map: dict[int, Any] = {}
        self.connections: Connections = {}
        self.threads = ThreadedTaskDispatcher()
        self.threads.set_thread_count(self.cfg.threads)
        self.next_tick = 0.0
        # Each connection can take two file descriptors; so many are for the rest of the process.
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OTHER_DESCRIPTORS
        self.bounds = replace(self.limits, connections=max(1, min(self.limits.connections, descriptors // 2)))
        self.listening = [self._listen(one.sock) for one in self.sockets]
        while self.alive and self.ppid == os.getppid():
            self._turn()
        self._finish()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: finish what has begun. Wakes the loop."""
        super().handle_exit(sig, frame)
        for one in getattr(self, "listening", []):
            one.pull_trigger()

    def count_request(self) -> None:
        """A thread begins to answer a request: after the last one that this process may, it stops."""
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("This process has answered its number of requests; another one follows.")
            self.alive = False

    def _listen(self, listener: socket.socket) -> Listening:
        adj = Adjustments(
            sockets=[listener],
            ident=None,
            backlog=self.cfg.backlog,
            recv_bytes=65536,
            inbuf_overflow=BODY_IN_MEMORY,
            max_request_header_size=LARGEST_HEAD,
            max_request_body_size=LARGEST_BODY,
            # The app reads them, if there is a proxy (`webapp/web/hosts.py`).
            clear_untrusted_proxy_headers=False,
            # A response as large as that is taken from the app at once, and on disk from 1 MB.
            outbuf_high_watermark=LARGEST_RESPONSE,
            # That a client has gone is no error.
            log_socket_errors=False,
        )
        kind = UnixListening if listener.family == socket.AF_UNIX else TcpListening
        server = kind(
            self.wsgi,
            self.map,
            False,
            listener,
            dispatcher=self.threads,
            adj=adj,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
            bind_socket=False,
        )
        # One bound for the connections of all sockets.
        server.active_channels = self.connections
        server.worker, server.limits = self, self.bounds
        # Those that the app gives to its answers, for the refusals that it knows nothing of.
        server.headers = list(self.wsgi.config["SECURITY_HEADERS"].items())
        server.accept_connections()
        return server

    def _turn(self) -> None:
        """Wait for the next events, and carry out what they allow."""
        self.notify()
        wasyncore.poll2(TICK if self.connections else 1.0, self.map)
        now = monotonic()
        if now >= self.next_tick:
            self.next_tick = now + TICK
            self._tick(now)

    def _tick(self, now: float) -> None:
        for connection in list(self.connections.values()):
            connection.check(now)
        _let_go(self.connections.values())

    def _finish(self) -> None:
        """Accept nothing more, answer what has arrived, and what is arriving, within gunicorn's time for
        it."""
        for one in self.listening:
            one.accepting = False
        began = monotonic()
        while self.connections and monotonic() < began + self.cfg.graceful_timeout:
            if monotonic() > began + LAST_CALL:
                for connection in list(self.connections.values()):
                    if connection.is_answered and connection.request is None:
                        connection.handle_close()
            self._turn()
        self.threads.shutdown(timeout=1)


def _let_go(connections: Iterable[Connection]) -> None:
    """While the incomplete bodies take up too much, close the connection whose body has waited longest."""
    held = sorted((one for one in connections if one.held and one.is_answered), key=lambda one: one.since)
    total = sum(one.held for one in held)
    for one in held:
        if total <= HELD_BODIES:
            return
        total -= one.held
        one.handle_close()
