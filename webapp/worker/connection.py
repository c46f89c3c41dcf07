"""The one way to Redis."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def connect(url: str, *, patient: bool = False) -> Redis:
    """A client for the Redis at `url`; nothing is contacted yet. Whether certificates are checked is in the
    URL (webapp/tls.py).

    It tries twice, because a connection from before a restart of Redis fails at first. `patient` is for
    workers, which block on their queue.
    """
    return Redis.from_url(url, retry=Retry(NoBackoff(), 1), **_options(patient=patient))


def _options(*, patient: bool) -> dict[str, object]:
    """How long to wait. The web must answer within seconds, so it waits for one at most."""
    options: dict[str, object] = {}
    if not patient:
        options |= {"socket_connect_timeout": 1, "socket_timeout": 1}
    return options
