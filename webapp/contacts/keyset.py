"""Keyset paging: a page begins after a place, not after a number of rows. So every page costs the same as the
first, and rows that appear or disappear between two requests do not shift the pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Row, Select, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

# A row's position: its values of the order's columns, and last its id.
Place = tuple[datetime | str | int, ...]
Column = ColumnElement[Any] | InstrumentedAttribute[Any]


class Ids(Protocol):
    """Finds the first `limit` ids beyond a place, in order, and the total number if it is known."""

    def __call__(self, session: Session, *, limit: int, **place: Place) -> tuple[list[int], int | None]: ...


@dataclass(frozen=True)
class Page:
    """The rows of one page, and the places where the neighbouring pages begin, if there are any: `older` that
    of the next page, `newer` that of the previous one."""

    rows: list[Row[*tuple[Any, ...]]]
    older: Place | None
    newer: Place | None
    # How many rows all pages have together, if reading this page has found it out.
    total: int | None = None


class Keyset:
    """An order by columns, of which the last is the row's id: all descending, or all ascending.

    `Keyset(Contact.created_at, Contact.id)` is an order by time, the newest first;
    `Keyset(Tag.name_key, Tag.id, descending=False)` one by name. No column may be null.
    """

    def __init__(self, *columns: Column, descending: bool = True) -> None:
        self.columns = columns
        self.id = columns[-1]
        self.descending = descending

    @property
    def types(self) -> tuple[type, ...]:
        """The type of each value of a place, except the id."""
        return tuple(column.type.python_type for column in self.columns[:-1])

    @property
    def order(self) -> tuple[ColumnElement[Any], ...]:
        return self._ordered(self.descending)

    def _ordered(self, descending: bool) -> tuple[ColumnElement[Any], ...]:
        return tuple(column.desc() if descending else column.asc() for column in self.columns)

    def after(self, place: Place) -> ColumnElement[bool]:
        """The rows that come after `place` in this order."""
        return self._beyond(place, lower=self.descending)

    def _beyond(self, place: Place, *, lower: bool, hidden: bool = False) -> ColumnElement[bool]:
        """The rows below `place`, or above it.

        As one comparison of all columns, because an index can seek to it. A million contacts of one deletion
        share one moment, so a comparison by the moment alone would read them all.

        With `hidden` the values, except the id, are subqueries, so that the planner cannot look them up in
        its statistics. These do not show that a million rows share a moment, so the planner would collect
        and sort them.
        """
        values: list[Any] = [
            literal(value, column.type) for value, column in zip(place, self.columns, strict=True)
        ]
        if hidden:
            values[:-1] = [select(value).scalar_subquery() for value in values[:-1]]
        row, at = tuple_(*self.columns), tuple_(*values)
        return row < at if lower else row > at

    def seek(
        self,
        query: Select[*tuple[Any, ...]],
        *,
        limit: int,
        after: Place | None = None,
        before: Place | None = None,
    ) -> Select[*tuple[Any, ...]]:
        """The first `limit` rows of `query` after `after`, or the last ones before `before`, in reverse."""
        if before is not None:
            backwards = query.where(self._beyond(before, lower=not self.descending, hidden=True))
            return backwards.order_by(*self._ordered(not self.descending)).limit(limit)
        if after is not None:
            query = query.where(self._beyond(after, lower=self.descending, hidden=True))
        return query.order_by(*self.order).limit(limit)

    def ids(self, query: Select[int]) -> Ids:
        """The ids that `query` selects from one table. With a join the planner could sort all rows instead of
        reading them in the index's order."""

        def find(session: Session, *, limit: int, **place: Place) -> tuple[list[int], None]:
            return list(session.scalars(self.seek(query, limit=limit, **place))), None

        return find

    def read_all(self, session: Session, query: Select[*tuple[Any, ...]]) -> Page:
        """All rows of a `query` with few rows, on one page."""
        rows = list(session.execute(query.order_by(*self.order)))
        return Page(rows, older=None, newer=None, total=len(rows))

    def read(
        self,
        session: Session,
        query: Select[*tuple[Any, ...]],
        ids: Ids,
        *,
        size: int,
        after: Place | None = None,
        before: Place | None = None,
    ) -> Page:
        """The page that starts after `after`, or ends before `before`, or the first one.

        `ids` finds the ids of its rows, and `query` reads the rows; each row's first element has the order's
        attributes. If all rows of the page have disappeared since, returns the first page.
        """

        def beyond(**place: Place) -> tuple[list[Row[*tuple[Any, ...]]], bool, int | None]:
            """The rows beyond the place, whether more follow, and the total number if it is known."""
            found, total = ids(session, limit=size + 1, **place)
            wanted = query.where(self.id.in_(found[:size]))
            rows = {row[0].id: row for row in session.execute(wanted)} if found else {}
            # A row can disappear between the two statements; the others still form a full page.
            return [rows[row_id] for row_id in found[:size] if row_id in rows], len(found) > size, total

        if before is not None:
            rows, more, total = beyond(before=before)
            if rows:
                newer = self._place(rows[-1]) if more else None
                return Page(rows[::-1], older=self._place(rows[0]), newer=newer, total=total)
        elif after is not None:
            rows, more, total = beyond(after=after)
            if rows:
                older = self._place(rows[-1]) if more else None
                return Page(rows, older=older, newer=self._place(rows[0]), total=total)
        rows, more, total = beyond()
        if not (more and rows):
            return Page(rows, older=None, newer=None, total=len(rows))
        return Page(rows, older=self._place(rows[-1]), newer=None, total=total)

    def _place(self, row: Row[*tuple[Any, ...]]) -> Place:
        return tuple(getattr(row[0], str(column.key)) for column in self.columns)
