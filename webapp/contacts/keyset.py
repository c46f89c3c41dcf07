"""Keyset paging: a page begins after a place, not after so many rows, so a page deep down costs what the
first one does, and a row that comes or goes meanwhile shifts nothing."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

# Where a row stands: its moment and, among rows of one moment, its id.
Place = tuple[datetime, int]


@dataclass(frozen=True)
class Page:
    """The rows of one page, and the places from which the pages beside it are asked for, if there are any."""

    rows: list[Row[*tuple[Any, ...]]]
    older: Place | None
    newer: Place | None


@dataclass(frozen=True)
class Keyset:
    """An order by (moment, id), both descending. Each row's first element carries the two attributes."""

    moment: InstrumentedAttribute[Any]
    id: InstrumentedAttribute[int]

    @property
    def order(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        return self.moment.desc(), self.id.desc()

    def after(self, place: Place) -> ColumnElement[bool]:
        """The rows that come after `place` in this order."""
        return self._pair < self._at(place)

    def before(self, place: Place) -> ColumnElement[bool]:
        """The rows that come before `place` in this order."""
        return self._pair > self._at(place)

    # Compared as a pair, because that is what an index can seek to: of a deletion of a million all have one
    # moment, and the moment alone would read them all.
    @property
    def _pair(self) -> ColumnElement[Any]:
        return tuple_(self.moment, self.id)

    def _at(self, place: Place) -> ColumnElement[Any]:
        moment, row_id = place
        return tuple_(literal(moment, self.moment.type), literal(row_id, self.id.type))

    def read(
        self,
        session: Session,
        query: Select[*tuple[Any, ...]],
        *,
        size: int,
        after: Place | None = None,
        before: Place | None = None,
    ) -> Page:
        """The page of `query` that starts after `after`, or ends before `before`, or the first one.

        A page whose rows have all gone meanwhile is none: then the first page is what is left to show.
        """
        if before is not None:
            backwards = query.where(self.before(before)).order_by(self.moment.asc(), self.id.asc())
            found = list(session.execute(backwards.limit(size + 1)).all())
            rows = list(reversed(found[:size]))
            if rows:
                return Page(rows, self._place(rows[-1]), self._place(rows[0]) if len(found) > size else None)
        elif after is not None:
            page = self._forwards(session, query.where(self.after(after)), size)
            if page.rows:
                return replace(page, newer=self._place(page.rows[0]))
        return self._forwards(session, query, size)

    def _forwards(self, session: Session, query: Select[*tuple[Any, ...]], size: int) -> Page:
        found = list(session.execute(query.order_by(*self.order).limit(size + 1)).all())
        rows = found[:size]
        return Page(rows, older=self._place(rows[-1]) if len(found) > size else None, newer=None)

    def _place(self, row: Row[*tuple[Any, ...]]) -> Place:
        return getattr(row[0], self.moment.key), getattr(row[0], self.id.key)
