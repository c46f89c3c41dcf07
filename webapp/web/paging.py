"""Cursors and ids in addresses. A cursor is an opaque text for a place in the order of the rows."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import abort, request

from webapp.contacts.keyset import Keyset, Place
from webapp.models.base import EPOCH
from webapp.numbers import LARGEST_ID, whole_number


def to_cursor(place: Place | None) -> str | None:
    """The cursor for `place`; None if there is no such page."""
    if place is None:
        return None
    values = [
        (value - EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else value
        for value in place
    ]
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_cursor(cursor: str, types: Sequence[type] = (datetime,)) -> Place:
    """The place that `cursor` encodes, in an order with values of these `types` and the id (`Keyset.types`).

    Raises ValueError for a text that `to_cursor` does not write for such a place.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True).decode()
        values, row_id = _split(json.loads(text))
        place = *(_read(value, kind) for value, kind in zip(values, types, strict=True)), row_id
        is_ours = 0 < row_id <= LARGEST_ID and to_cursor(place) == cursor
    except (binascii.Error, ValueError, OverflowError, RecursionError) as error:
        raise ValueError("not a cursor") from error
    if not is_ours:
        raise ValueError("not a cursor")
    return place


def _split(values: object) -> tuple[list[object], int]:
    match values:
        # A bool is an int, too.
        case [*others, int(row_id)] if type(row_id) is int:
            return others, row_id
    raise ValueError("no list that ends with an id")


def _read(value: object, kind: type) -> datetime | str | int:
    match value:
        case int() if kind is datetime:
            return EPOCH + timedelta(microseconds=value)
        case int() if kind is int and 0 < value <= LARGEST_ID and type(value) is int:
            return value
        # No database stores a NUL.
        case str() if kind is str and "\0" not in value:
            return value
    raise ValueError("another order")


def requested_place(name: str, order: Keyset) -> Place | None:
    """The place in `order` that the query's `name` ("after" or "before") holds; answers 400 to a forged
    one."""
    cursor = request.args.get(name)
    if not cursor:
        return None
    try:
        return from_cursor(cursor, order.types)
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
