"""How often something may be tried. An attempt is counted before it is examined, and given back if it was
right: so of many that come at once no more are examined than the limit.

The counts are in Redis, and in this process while Redis is away (`webapp/web/attempts.py`, docs/adr/0017).
"""

import hmac
import math
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from time import time

from flask import Flask, Response, current_app, request

from webapp.gates import TooBusy
from webapp.web.attempts import RedisOrMemory
from webapp.web.errors import error, with_retry_after
from webapp.words.passwords import BUSY, too_many
from webapp.worker.connection import connect


@dataclass(frozen=True)
class Budget:
    """So many attempts in so many seconds, counted from the first of them."""

    name: str
    attempts: int
    seconds: int


class TooMany(Exception):
    """The budget is used up. `just_now`: this attempt is the first that it refuses."""

    def __init__(self, budget: Budget, retry_after: int, *, just_now: bool) -> None:
        super().__init__(budget, retry_after)
        self.budget, self.retry_after, self.just_now = budget, retry_after, just_now


class Attempt:
    """An attempt that was counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[Budget, str]] = []

    def give_back(self) -> None:
        """It was right, or nothing was examined: it does not count."""
        for budget, key in self.counted:
            _counts().give_back(key, budget.seconds)
        self.counted.clear()


def take(*budgets: tuple[Budget, str]) -> Attempt:
    """Count an attempt in each of these budgets, of these whose. Raises TooMany at the first that is used up;
    what was counted before it stays counted."""
    attempt = Attempt()
    if not current_app.config["THROTTLED"]:
        return attempt
    for budget, whose in budgets:
        key = f"{budget.name}:{_hidden(whose)}"
        count = _counts().incr(key, budget.seconds)
        if count > budget.attempts:
            left = math.ceil(_counts().get_expiry(key) - time())
            raise TooMany(budget, max(1, min(left, budget.seconds)), just_now=count == budget.attempts + 1)
        attempt.counted.append((budget, key))
    return attempt


def init_throttle(app: Flask) -> None:
    """Count for this app, and answer for views that leave the refusals to others."""
    app.extensions["attempts"] = RedisOrMemory(connect(app.config["REDIS_URL"]))
    # The tests of other subjects switch it off.
    app.config.setdefault("THROTTLED", True)

    @app.errorhandler(TooMany)
    def on_too_many(refusal: TooMany) -> Response:
        return with_retry_after(error(429, too_many(refusal.retry_after)), refusal.retry_after)

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


def _counts() -> RedisOrMemory:
    counts: RedisOrMemory = current_app.extensions["attempts"]
    return counts
