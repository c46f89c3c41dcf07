"""Exact numbers of list pages, kept for some seconds: a person who turns the pages of a search needs no
second count, and neither do others with the same search.

A number is kept under the address that counts it and the account's number of changes. So a change by a page,
and the end of a job, make the account's numbers old at once. What changes without counting as a change, such
as a batch of a running job or the end of thirty days, is seen KEPT_SECONDS later. Each process keeps its own.
"""

import time
from collections import OrderedDict
from threading import Lock

from flask import Flask, current_app
from flask_login import current_user

KEPT_SECONDS = 10.0
MOST_KEPT = 1_000

EXTENSION = "kept_numbers"
Key = tuple[int, int, str]


class KeptNumbers:
    """The numbers that this process has counted."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def keep(self, key: Key, number: int, *, at: float) -> None:
        """Keep the number, which is that of the moment `at` of the monotonic clock: when the count began.
        Forget the oldest number if there are too many."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = at, number
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def recall(self, key: Key, *, least: int) -> int | None:
        """The number, if it is from the last KEPT_SECONDS and at least `least`, which the caller has seen."""
        with self._lock:
            found = self._kept.get(key)
        if found is None or time.monotonic() - found[0] >= KEPT_SECONDS:
            return None
        return found[1] if found[1] >= least else None


def key_of(address: str) -> Key:
    """The key of the number that this address counts now. Ask for it before counting: a change that is
    committed while it counts has another key."""
    account = current_user.workspace
    return account.id, account.changes, address


def kept_numbers() -> KeptNumbers:
    """Those of this process's app."""
    kept: KeptNumbers = current_app.extensions[EXTENSION]
    return kept


def init_kept_numbers(app: Flask) -> None:
    """Begin without any."""
    app.extensions[EXTENSION] = KeptNumbers()
