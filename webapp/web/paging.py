"""Cursors and ids in addresses. A cursor is an opaque text for a place in the order of the rows."""

import base64
import binascii
from datetime import UTC, datetime, timedelta

from flask import abort, request

from webapp.contacts.keyset import Place
from webapp.numbers import LARGEST_ID, whole_number

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_cursor(place: Place | None) -> str | None:
    """The cursor for `place`; None if there is no such page."""
    if place is None:
        return None
    moment, row_id = place
    microseconds = (moment - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{microseconds}.{row_id}".encode()).decode().rstrip("=")


def from_cursor(cursor: str) -> Place:
    """The place that `cursor` encodes. Raises ValueError for a text that `to_cursor` does not write."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True).decode(
            "ascii"
        )
        microseconds, row_id = (int(part) for part in text.split("."))
        place = EPOCH + timedelta(microseconds=microseconds), row_id
    except (binascii.Error, ValueError, OverflowError) as error:
        raise ValueError("not a cursor") from error
    if not 0 < row_id <= LARGEST_ID or to_cursor(place) != cursor:
        raise ValueError("not a cursor")
    return place


def requested_place(name: str) -> Place | None:
    """The place that the query's `name` ("after" or "before") holds; answers 400 to a forged one."""
    cursor = request.args.get(name)
    if not cursor:
        return None
    try:
        return from_cursor(cursor)
    except ValueError:
        abort(400, "This address was edited or cut off: it leads to no page of the table.")


def requested_number(name: str) -> int | None:
    """The positive whole number that the query's `name` holds; answers 400 to anything else."""
    text = request.args.get(name)
    if not text:
        return None
    number = whole_number(text)
    if number is None:
        abort(400, "This address was edited or cut off: it identifies nothing to show.")
    return number
