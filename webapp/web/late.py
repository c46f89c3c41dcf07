"""Parts of a page that take seconds to make: they arrive late, and the page waits for none of them.

A part requests itself, and while another one is being made, again (`static/js/polling.js`). Each process
makes one at a time, so they take one thread and the memory of one statement, and none longer than
TIME_LIMIT: it would go on after its dialog was closed.
"""

from collections.abc import Callable
from threading import Lock

from flask import Response
from flask.typing import ResponseReturnValue

from webapp.extensions import db
from webapp.time_limits import TookTooLong, time_limit
from webapp.web.errors import error
from webapp.web.htmx import is_htmx

# Seconds; the browser stops waiting after 20.
TIME_LIMIT = 15

_making = Lock()


def late_part(
    make: Callable[[], ResponseReturnValue], give_up: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue:
    """The response of `make`, or that of `give_up` if the database takes too long. While another one is being
    made, 204 for a part, which is then requested again, and 503 for a page."""
    if not _making.acquire(blocking=False):
        return Response(status=204) if is_htmx() else error(503, "Another plan is being made. Try again.")
    try:
        with time_limit(db.session(), TIME_LIMIT):
            return make()
    except TookTooLong:
        return give_up()
    finally:
        _making.release()
