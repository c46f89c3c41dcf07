"""Numbers that take long are counted one at a time in each process: however many people ask for one, the
others' pages do not wait."""

from collections.abc import Callable
from threading import Lock

from flask import Response
from flask.typing import ResponseReturnValue

_counting = Lock()


def counted_alone(count: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    """What `count` answers; while somebody else's number is being counted, 204: the page asks again."""
    if not _counting.acquire(blocking=False):
        return Response(status=204)
    try:
        return count()
    finally:
        _counting.release()
