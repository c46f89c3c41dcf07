"""How often something may be tried. An attempt is counted before it is examined, and given back if it was
right: so of many that come at once no more are examined than the limit.

The counts are Flask-Limiter's, in its storage: in Redis, and in this process while Redis is away
(`webapp/web/attempts.py`, docs/adr/0017).
"""

import hmac
import math
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from time import time

from flask import Flask, Response, current_app, request
from limits import RateLimitItem, RateLimitItemPerSecond

from webapp.extensions import limiter
from webapp.gates import TooBusy
from webapp.web.attempts import RedisOrMemory
from webapp.web.errors import error
from webapp.words.passwords import BUSY, too_many


@dataclass(frozen=True)
class Budget:
    """So many attempts in so many seconds, counted from the first of them."""

    name: str
    attempts: int
    seconds: int

    @property
    def item(self) -> RateLimitItem:
        """As the library names it."""
        return RateLimitItemPerSecond(self.attempts, self.seconds, namespace=f"LIMITER-{self.name}")


class TooMany(Exception):
    """The budget is used up. `just_now`: this attempt is the first that it refuses."""

    def __init__(self, retry_after: int, *, just_now: bool) -> None:
        super().__init__(retry_after)
        self.retry_after, self.just_now = retry_after, just_now


class Attempt:
    """An attempt that was counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[RateLimitItem, str]] = []

    def give_back(self) -> None:
        """It was right, or nothing was examined: it does not count."""
        for item, whose in self.counted:
            _storage().give_back(item.key_for(whose), item.get_expiry())
        self.counted.clear()


def take(*budgets: tuple[Budget, str]) -> Attempt:
    """Count an attempt in each of these budgets, of these whose. Raises TooMany at the first that is used up;
    what was counted before it stays counted."""
    attempt = Attempt()
    if not limiter.enabled:
        return attempt
    for budget, whose in budgets:
        item, whose = budget.item, _hidden(whose)
        count = _storage().incr(item.key_for(whose), item.get_expiry())
        if count > budget.attempts:
            left = math.ceil(_storage().get_expiry(item.key_for(whose)) - time())
            raise TooMany(max(1, min(left, budget.seconds)), just_now=count == budget.attempts + 1)
        attempt.counted.append((item, whose))
    return attempt


def init_throttle(app: Flask) -> None:
    """Answer for views that leave these refusals to others."""

    @app.errorhandler(TooMany)
    def on_too_many(refusal: TooMany) -> Response:
        response = error(429, too_many(refusal.retry_after))
        response.headers["Retry-After"] = str(refusal.retry_after)
        return response

    @app.errorhandler(TooBusy)
    def on_too_busy(_refusal: TooBusy) -> Response:
        return error(503, BUSY)


def network() -> str:
    """Where the request comes from: its address, or of IPv6 the network that one customer has (RFC 6177)."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return request.remote_addr or ""
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return str(address)


def _hidden(whose: str) -> str:
    """Redis and the memory get no address, of a person or of a network."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.digest(key, whose.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]


def _storage() -> RedisOrMemory:
    storage = limiter.storage
    assert isinstance(storage, RedisOrMemory)
    return storage
