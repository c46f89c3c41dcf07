"""Exact numbers of list pages, kept for some seconds: a person who turns the pages of a search needs no
second count, and neither do others with the same search.

A number is kept under the address that counts it and the account's number of changes. So a change by a page,
and the end of a job, make the account's numbers old at once. What changes without counting as a change, such
as a batch of a running job or the end of thirty days, is seen KEPT_SECONDS later, or MOST_SECONDS later where
counting takes long. Each process keeps its own.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from flask import Flask, current_app
from flask_login import current_user

KEPT_SECONDS = 10.0
# A number that takes seconds to count is kept for so many times as long as that took, but not for longer than
# MOST_SECONDS: the busier the database is, the rarer it counts.
TIMES_AS_LONG = 20
MOST_SECONDS = 60.0
MOST_KEPT = 1_000

EXTENSION = "kept_numbers"
Key = tuple[int, int, str]


@dataclass(frozen=True)
class _Counted:
    number: int
    at: float
    took: float

    @property
    def until(self) -> float:
        return self.at + min(max(KEPT_SECONDS, TIMES_AS_LONG * self.took), MOST_SECONDS)


class KeptNumbers:
    """The numbers that this process has counted."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, _Counted] = OrderedDict()
        self._lock = Lock()

    def keep(self, key: Key, number: int, *, at: float, took: float) -> None:
        """Keep the number, which is that of the moment `at` of the monotonic clock, when a count began that
        took so many seconds. Forget the oldest number if there are too many."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = _Counted(number, at, took)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def recall(self, key: Key, *, least: int) -> int | None:
        """The number, if it still serves and is at least `least`, which the caller has seen."""
        with self._lock:
            found = self._kept.get(key)
        if found is None or time.monotonic() >= found.until:
            return None
        return found.number if found.number >= least else None


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
