"""Slow counts run one at a time in each process, so that many requests for one do not delay other pages."""

from collections.abc import Callable
from threading import Lock

from flask import Response
from flask.typing import ResponseReturnValue

_counting = Lock()


def count_exclusively(count: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    """The response of `count`, or 204 while another request is counting; the page then requests it again."""
    if not _counting.acquire(blocking=False):
        return Response(status=204)
    try:
        return count()
    finally:
        _counting.release()
