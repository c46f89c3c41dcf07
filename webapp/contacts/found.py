"""What finding rows in an order returns, and the page that is made of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Row

from webapp.contacts.keyset import Page, Place

Rows = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True)
class Found:
    """Places of wanted rows in the order that was asked for, up to a limit. `total` is the number of all,
    if it is known. Of a walk that has not found enough, `end` is the place where it has ended, unless nothing
    follows there."""

    places: Sequence[Place]
    total: int | None = None
    end: Place | None = None
    is_walk: bool = False

    @property
    def is_there(self) -> bool:
        """Whether this is a page. A walk can find nothing on the last one."""
        return bool(self.places) or self.is_walk


class Finder(Protocol):
    """Finds the first `limit` places beyond a place."""

    def __call__(self, *, limit: int, **place: Place) -> Found: ...


def read_found(
    find: Finder,
    read: Callable[[list[int]], Rows],
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """The page that starts after `after`, or ends before `before`, or the first one; the first one as well if
    all rows of the page have disappeared since.

    `find` finds the places of its rows, and `read` reads the rows with these ids, whose first elements have
    them. Where a walk has ended, the page has fewer rows than `size`, perhaps none, and still a next one.
    """
    if before is not None:
        found = find(limit=size + 1, before=before)
        if found.is_there:
            places, further = _cut(found, size)
            rows = _in_order(read, places)[::-1]
            return Page(rows, older=places[0] if places else before, newer=further, total=found.total)
    elif after is not None:
        found = find(limit=size + 1, after=after)
        if found.is_there:
            places, further = _cut(found, size)
            newer = places[0] if places else after
            return Page(_in_order(read, places), older=further, newer=newer, total=found.total)
    found = find(limit=size + 1)
    places, further = _cut(found, size)
    rows = _in_order(read, places)
    return Page(rows, older=further, newer=None, total=found.total if further else len(rows))


def _cut(found: Found, size: int) -> tuple[Sequence[Place], Place | None]:
    """The places of one page, and the one that the next page begins after, if there is one."""
    places = found.places[:size]
    return places, places[-1] if len(found.places) > size else found.end


def _in_order(read: Callable[[list[int]], Rows], places: Sequence[Place]) -> list[Row[*tuple[Any, ...]]]:
    ids: list[Any] = [place[-1] for place in places]
    rows = {row[0].id: row for row in read(ids)} if ids else {}
    # A row can disappear between the two statements.
    return [rows[row_id] for row_id in ids if row_id in rows]
