"""Keyset paging: a page begins after a place, not after so many rows, so a page deep down costs what the
first one does, and a row that comes or goes meanwhile shifts nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Row, Select, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

# Where a row stands: its moment and, among rows of one moment, its id.
Place = tuple[datetime, int]


class Ids(Protocol):
    """Finds the first `limit` ids beyond a place, in order, and maybe how many there are in all."""

    def __call__(self, session: Session, *, limit: int, **place: Place) -> tuple[list[int], int | None]: ...


@dataclass(frozen=True)
class Page:
    """The rows of one page, and the places from which the pages beside it are asked for, if there are any."""

    rows: list[Row[*tuple[Any, ...]]]
    older: Place | None
    newer: Place | None
    # How many rows all pages have together, where reading this one has told it.
    total: int | None = None


@dataclass(frozen=True)
class Keyset:
    """An order by (moment, id), both descending."""

    moment: ColumnElement[Any] | InstrumentedAttribute[Any]
    id: ColumnElement[int] | InstrumentedAttribute[int]

    @property
    def order(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        return self.moment.desc(), self.id.desc()

    def after(self, place: Place) -> ColumnElement[bool]:
        """The rows that come after `place` in this order."""
        return self._pair < self._at(place)

    # Compared as a pair, because that is what an index can seek to: of a deletion of a million all have one
    # moment, and the moment alone would read them all.
    @property
    def _pair(self) -> ColumnElement[Any]:
        return tuple_(self.moment, self.id)

    def _at(self, place: Place) -> ColumnElement[Any]:
        moment, row_id = place
        return tuple_(literal(moment, self.moment.type), literal(row_id, self.id.type))

    def _hidden_from_planner(self, place: Place) -> ColumnElement[Any]:
        """The same in a subquery, so that the planner cannot look the moment up in its statistics. Of the
        million that share the place's moment they know nothing: it would collect and sort what is beyond."""
        moment, row_id = place
        looked_up = select(literal(moment, self.moment.type)).scalar_subquery()
        return tuple_(looked_up, literal(row_id, self.id.type))

    def seek(
        self,
        query: Select[*tuple[Any, ...]],
        *,
        limit: int,
        after: Place | None = None,
        before: Place | None = None,
    ) -> Select[*tuple[Any, ...]]:
        """The first `limit` rows of `query` after `after`, or, the other way round, before `before`."""
        if before is not None:
            backwards = query.where(self._pair > self._hidden_from_planner(before))
            return backwards.order_by(self.moment.asc(), self.id.asc()).limit(limit)
        if after is not None:
            query = query.where(self._pair < self._hidden_from_planner(after))
        return query.order_by(*self.order).limit(limit)

    def ids(self, query: Select[int]) -> Ids:
        """The ids that `query` selects, from one table: a join could lose its index's order, and sort all."""

        def find(session: Session, *, limit: int, **place: Place) -> tuple[list[int], None]:
            return list(session.scalars(self.seek(query, limit=limit, **place))), None

        return find

    def read_all(self, session: Session, query: Select[*tuple[Any, ...]]) -> Page:
        """All rows of `query`, which are few, on one page."""
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

        `ids` finds its rows, and `query` reads them; each row's first element carries the order's two
        attributes. A page whose rows have all gone meanwhile is none: then the first page is what is left.
        """

        def beyond(**place: Place) -> tuple[list[Row[*tuple[Any, ...]]], bool, int | None]:
            """The rows beyond the place, whether there are more of them, and how many there are in all."""
            found, total = ids(session, limit=size + 1, **place)
            wanted = query.where(self.id.in_(found[:size]))
            rows = {row[0].id: row for row in session.execute(wanted)} if found else {}
            # A row may have gone between the two statements; the others are still one page of several.
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
        return getattr(row[0], str(self.moment.key)), getattr(row[0], str(self.id.key))
