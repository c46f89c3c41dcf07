"""The one way to Redis."""

from urllib.parse import parse_qs, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def connect(url: str, *, patient: bool = False) -> Redis:
    """A client for the Redis at `url`; nothing is contacted yet.

    It tries twice, because a connection from before a restart of Redis fails at first. `patient` is for
    workers, which block on their queue.
    """
    return Redis.from_url(url, retry=Retry(NoBackoff(), 1), **_options(url, patient=patient))


def _options(url: str, *, patient: bool) -> dict[str, object]:
    """How to connect to `url`. The web must answer within seconds, so it waits for one at most."""
    options: dict[str, object] = {}
    if not patient:
        options |= {"socket_connect_timeout": 1, "socket_timeout": 1}
    parts = urlsplit(url)
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in parse_qs(parts.query):
        # Heroku's Redis has a self-signed certificate. A deployment with a better one says so in the URL.
        options["ssl_cert_reqs"] = "none"
    return options
