"""`make run`: starts everything the app needs on one machine, and stops it on Ctrl-C.

A stop signal only sets an event, which the code checks between its steps. So a signal never interrupts the
code between starting a process and remembering it.
"""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from threading import Event
from urllib.request import urlopen

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.config import ConfigError, load_config
from webapp.database import engine_options
from webapp.demo.base import is_empty
from webapp.local_services import LocalServiceError, private_redis, redis_url
from webapp.private_files import make_private
from webapp.web.migrations import is_migrated

CHECKOUT = Path(__file__).resolve().parent.parent
INSTANCE = CHECKOUT / "instance"
# Where the web listens if PORT is not set: on the first one that is free.
PORTS = range(5000, 5100)
# Long enough for the worker to finish its batch.
PATIENCE_SECONDS = 12
TICK_SECONDS = 0.1
# From <sys/prctl.h>.
PR_SET_PDEATHSIG = 1

FLASK = [sys.executable, "-m", "flask", "--app", "webapp"]
WELCOME = """
    The app is running on {address}

        admin@example.com    an Admin, who may restore contacts
        member@example.com   not an Admin
        admin@other.example  the Admin of another account

    The password of all three is restore-demo. Ctrl-C stops everything.
"""


class LocalRunError(Exception):
    """The app cannot start or has stopped by itself; the message says what to do."""


def main() -> int:
    """Run the app until Ctrl-C, SIGTERM or SIGHUP.

    :returns: the exit code: 0 after a requested stop, 1 if the app could not start or has failed
    """
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(stop)
    except (ConfigError, LocalServiceError, LocalRunError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def run(stop: Event) -> None:
    """Prepare Redis, database and demo data, then run web and worker until `stop` is set.

    :raises ConfigError, LocalServiceError, LocalRunError: if something cannot start, or stops by itself
    """
    config = load_config(os.environ, INSTANCE)
    port = config["PORT"]
    assert port is None or isinstance(port, int)
    with listen(port) as listener:
        make_private(INSTANCE)
        folder = INSTANCE / "redis"
        is_private = config["REDIS_URL"] == redis_url(folder)
        with private_redis(folder, lasting=True) if is_private else nullcontext():
            if not is_prepared(str(config["SQLALCHEMY_DATABASE_URI"])):
                finish("The database could not be brought up to date", [*FLASK, "db", "upgrade"], stop)
                finish("The demo data could not be written", [*FLASK, "demo", "--if-empty"], stop)
            serve(listener, stop)


def is_prepared(database: str) -> bool:
    """Whether the database at this URL has the tables of this release, and data. Never fails.

    It saves two commands, each of which imports the whole app: they would take longer than web and worker.
    """
    url = make_url(database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return False
    engine = create_engine(url, **engine_options(database))
    try:
        with Session(engine) as session:
            return is_migrated(session) and not is_empty(session)
    except DBAPIError:
        return False
    finally:
        engine.dispose()


def listen(port: int | None) -> socket.socket:
    """Listen on the port, or without one on the first free one of `PORTS`.

    The web inherits the socket. It is opened first, so that two apps that start together choose different
    ports; a browser that is early waits for the web.

    :raises LocalRunError: if the port is not free, or none of `PORTS` is
    """
    if port is not None:
        return listen_on(port)
    for free in PORTS:
        with suppress(LocalRunError):
            return listen_on(free)
    raise LocalRunError(f"No port from {PORTS[0]} to {PORTS[-1]} is free. Choose one: PORT=8000 make run")


def listen_on(port: int) -> socket.socket:
    """:raises LocalRunError: if another program uses the port, or this one may not use it"""
    listener = socket.socket()
    try:
        if is_answered(port):
            raise OSError(errno.EADDRINUSE, "")
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError as error:
        listener.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise LocalRunError(f"Port {port} {why}. Choose another: PORT=5050 make run") from error
    return listener


def is_answered(port: int) -> bool:
    """Whether another program listens on an address of `localhost`.

    Binding alone does not show it: a Mac lets a second program have 127.0.0.1 where AirPlay has port 5000 of
    all addresses, and Linux where the other one has ::1. The browser would then find the other one.
    """
    for host in ("127.0.0.1", "::1"):
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return True
    return False


def finish(complaint: str, command: list[str], stop: Event) -> None:
    """Run a command until it exits or a stop is requested.

    :raises LocalRunError: with the complaint, if the command fails
    """
    if stop.is_set():
        return
    process = start(command)
    while process.poll() is None:
        if stop.wait(TICK_SECONDS):
            end([process])
            return
    if process.returncode:
        raise LocalRunError(f"{complaint}; the lines above say why.")


def serve(listener: socket.socket, stop: Event) -> None:
    """Run web and worker until `stop` is set, and print the address when the web answers.

    :raises LocalRunError: if one of them stops by itself; the other is stopped then
    """
    if stop.is_set():
        return
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    web = [
        *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--workers", "1"),
        *("--graceful-timeout", "5", "--log-level", "warning", "--access-logfile", os.devnull),
    ]
    processes = {"web": start(web, listener), "worker": start([sys.executable, "worker.py"])}
    try:
        welcomed = False
        while not stop.wait(TICK_SECONDS):
            for name, process in processes.items():
                if process.poll() is not None:
                    raise LocalRunError(f"The {name} stopped by itself; the lines above say why.")
            if not welcomed and answers(f"{address}/healthz"):
                print(WELCOME.format(address=address), flush=True)
                welcomed = True
    finally:
        end(list(processes.values()))


def answers(url: str) -> bool:
    """Whether a GET of the URL succeeds within a second."""
    try:
        with urlopen(url, timeout=1) as response:  # nosec B310  # its own address
            return bool(response.status == 200)
    except OSError:
        return False


def start(command: list[str], *inherited: socket.socket) -> subprocess.Popen[bytes]:
    """Start a command in its own session, so that Ctrl-C reaches only this process, which stops it in
    order. It inherits these sockets."""
    return subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=[one.fileno() for one in inherited],
        preexec_fn=end_with_parent,
    )


def end_with_parent() -> None:
    """In a child, on Linux: request a SIGTERM for when the parent dies, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Terminate processes and wait; kill those that do not exit in time, with their children."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
