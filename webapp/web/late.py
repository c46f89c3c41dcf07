"""Parts of a page that take seconds to make: they arrive late, and the page waits for none of them.

A part requests itself, and while another one is being made, again (`static/js/polling.js`). Each process
makes one plan and counts one number at a time, so they take two threads and the memory of two statements, and
none longer than TIME_LIMIT: it would go on after its page was left.
"""

from collections.abc import Callable
from threading import Lock

from flask import Response
from flask.typing import ResponseReturnValue

from webapp.database import stay_on_one_core
from webapp.extensions import db
from webapp.time_limits import TookTooLong, time_limit
from webapp.web.errors import error
from webapp.web.htmx import is_htmx

# Seconds; the browser stops waiting after 20.
TIME_LIMIT = 15

_planning, _counting = Lock(), Lock()


def late_part(
    make: Callable[[], ResponseReturnValue], give_up: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue:
    """The response of `make`, or that of `give_up` if the database takes too long. While another one is being
    made, 204 for a part, which is then requested again, and 503 for a page."""
    return _one_at_a_time(_planning, make, give_up)


def late_number(
    count: Callable[[], ResponseReturnValue], give_up: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue:
    """The same for the exact number of a page's rows. It takes one core of the database, not all of them: it
    is read beside other pages that people wait for."""

    def count_aside() -> ResponseReturnValue:
        stay_on_one_core(db.session())
        return count()

    return _one_at_a_time(_counting, count_aside, give_up)


def _one_at_a_time(
    making: Lock, make: Callable[[], ResponseReturnValue], give_up: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue:
    if not making.acquire(blocking=False):
        if is_htmx():
            return Response(status=204)
        return error(503, "The server is counting for another page. Try again.")
    try:
        with time_limit(db.session(), TIME_LIMIT):
            return make()
    except TookTooLong:
        return give_up()
    finally:
        making.release()
