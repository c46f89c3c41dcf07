"""What a client may hold up, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass

KIB, MIB = 1024, 1024 * 1024

# A request's first line: a search of 200 emoji with 100 ticked rows has 4 kB.
LONGEST_LINE = 8190
# First line and header fields.
LARGEST_HEAD = 32 * KIB
# Larger than every limit of the app (`webapp/web/bodies.py`), which answers by itself up to here.
LARGEST_BODY = 22 * MIB
# So much of a body is kept in memory, the rest on disk.
BODY_IN_MEMORY = 64 * KIB
# So much of a response is taken from the app at once, in memory or on disk. A larger one keeps a thread for
# as long as the client reads.
LARGEST_RESPONSE = 256 * MIB
# What all incomplete bodies of a process may take up, in memory and on disk.
HELD_BODIES = 256 * MIB
# A body may take a second longer for each such amount that has arrived.
BYTES_A_SECOND = 32 * KIB
# So many bytes of a response a client takes in a second, on an average of the time for a body.
SLOWEST_READER = 8 * KIB

# In the environment of a request that the app has to refuse: the status.
REFUSED = "serving.refused"


class UnreadableLimit(Exception):
    """A setting is no number, or out of range; the message says which."""


@dataclass(frozen=True)
class Limits:
    """Times in seconds.

    `head`: from the first byte of a request, or the opening of the connection, to the end of its header
    fields. `body`: from there to the end of the body, and a second longer for each BYTES_A_SECOND; also how
    long a client is waited for that takes less of a response than SLOWEST_READER. `idle`: between two
    requests of a connection. `linger`: how long what is left of a refused request is read, so that the client
    sees the refusal. `connections`: of each process.
    """

    head: float = 10.0
    body: float = 30.0
    # Longer than proxies keep theirs (nginx 60 s, Heroku's router 90 s): a proxy never sends a request on a
    # connection that is just being closed here.
    idle: float = 95.0
    linger: float = 5.0
    # At most; a process has no more than half as many as file descriptors.
    connections: int = 400


def read_limits(environ: Mapping[str, str]) -> Limits:
    """The limits by the settings in `environ`. Raises UnreadableLimit."""
    usual = Limits()
    return Limits(
        head=_seconds(environ, "WEB_HEAD_SECONDS", usual.head),
        body=_seconds(environ, "WEB_BODY_SECONDS", usual.body),
        idle=_seconds(environ, "WEB_IDLE_SECONDS", usual.idle),
        connections=whole(environ, "WEB_CONNECTIONS", usual.connections, most=10_000),
    )


def whole(environ: Mapping[str, str], name: str, usual: int, *, most: int) -> int:
    """A setting that is a whole number of at least 1. Raises UnreadableLimit."""
    text = environ.get(name, "").strip() or str(usual)
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        raise UnreadableLimit(f"{name} must be a whole number from 1 to {most:,}, not {text!r}.")
    return int(text)


def _seconds(environ: Mapping[str, str], name: str, usual: float) -> float:
    text = environ.get(name, "").strip() or str(usual)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise UnreadableLimit(f"{name} must be a number of seconds from 0 to 3,600, not {text!r}.")
    return seconds
