"""Dialogs that count take turns in each process, so that many of them do not delay pages.

A person waits for a dialog, so it waits a moment for its turn; behind MOST_WAITING others it says so at once.
So no more than a few threads are taken, however many people, or one with many windows, want numbers. The
number that a page requests after itself is a late part (`late_number`), and no dialog waits for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from flask import abort

from webapp.extensions import db
from webapp.time_limits import TookTooLong, time_limit

# Seconds; the browser stops waiting after 20.
TIME_LIMIT = 15
# How long, in seconds, and how many dialogs wait for their turn.
PATIENCE = 2.0
MOST_WAITING = 2

_counting = Lock()
_waiting = BoundedSemaphore(MOST_WAITING)

BUSY = "Other contacts are being counted. Nothing was changed. Try again in a few seconds."
TOO_MANY = "Counting these contacts takes too long at the moment. Nothing was changed. Try again."


class Busy(Exception):
    """Another request is counting."""


@contextmanager
def turn(seconds: float | None = None, *, patience: float = 0) -> Iterator[None]:
    """Count inside, for at most `seconds`, by default TIME_LIMIT. Raises TookTooLong, and Busy if there is no
    turn within `patience`."""
    if not (_counting.acquire(blocking=False) or (patience and _wait(patience))):
        raise Busy
    try:
        with time_limit(db.session(), seconds or TIME_LIMIT):
            yield
    finally:
        _counting.release()


@contextmanager
def in_turn() -> Iterator[None]:
    """Make a dialog inside, or as a decorator: its count, and what it makes of it. Answers 503 if there is no
    turn soon, or it takes too long."""
    try:
        with turn(patience=PATIENCE):
            yield
    except Busy:
        abort(503, BUSY)
    except TookTooLong:
        abort(503, TOO_MANY)


def _wait(patience: float) -> bool:
    """Whether there is a turn within `patience`."""
    if not _waiting.acquire(blocking=False):
        return False
    try:
        return _counting.acquire(timeout=patience)
    finally:
        _waiting.release()
