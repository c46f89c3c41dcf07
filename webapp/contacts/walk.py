"""Reading the first rows in an order: along an index, each one checked; or, of few, by sorting them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, Select, func, select
from sqlalchemy.orm import Session

from webapp.contacts.found import Found
from webapp.contacts.keyset import Keyset, Place

# A walk looks at so many rows first: most filters that have more than a few fill a page from these.
FIRST_LOOK = 1_000

Statement = Select[*tuple[Any, ...]]


class Rows(Protocol):
    """The statement of the first `limit` rows beyond a place. The order's columns come first."""

    def __call__(self, limit: int, **place: Place) -> Statement: ...


@dataclass(frozen=True)
class Walk:
    """Rows along an index that has them in `order`. `checks` are the conditions on a row of theirs, each a
    scalar subquery that looks it up."""

    session: Session
    order: Keyset
    rows: Rows
    checks: Callable[[FromClause], Sequence[ColumnElement[bool]]]

    def checked(self, most: int, **place: Place) -> Statement:
        """The order's columns of the rows that fulfil the checks, among the first `most`."""
        near = self.rows(most, **place).subquery()
        return select(*list(near.c)[: len(self.order.columns)]).where(*self.checks(near))

    def scan(self, most: int, limit: int, **place: Place) -> list[Place]:
        """The first `limit` places of such rows, in order."""
        checked = self.checked(most, **place)
        by_value = Keyset(*checked.selected_columns, descending=self.order.descending)
        return read_places(self.session, self.order, by_value.seek(checked, limit=limit, **place))

    def find(self, *, looks: Sequence[int], limit: int, **place: Place) -> Found:
        """The first `limit` places of such rows, from looking at the first `looks`, one number after the
        other until they are enough."""
        places: list[Place] = []
        for most in looks:
            places = self.scan(most, limit, **place)
            if len(places) == limit:
                return Found(places)
        return Found(places, end=self.end(looks[-1], **place), is_walk=True)

    def end(self, number: int, **place: Place) -> Place | None:
        """The place of the row with this number in the walk, if others follow."""
        ends = read_places(self.session, self.order, self.rows(2, **place).offset(number - 1))
        return ends[0] if len(ends) == 2 else None


def read_places(session: Session, order: Keyset, statement: Statement) -> list[Place]:
    """The places of the rows of a statement that selects the order's columns first."""
    return [tuple(row[: len(order.columns)]) for row in session.execute(statement)]


def sort(session: Session, order: Keyset, every: Statement, *, limit: int, **place: Place) -> Found:
    """The first `limit` places of few rows, and the number of all of them. `every` selects the order's
    columns."""
    counted = every.add_columns(func.count().over().label("total")).subquery()
    by_value = Keyset(*list(counted.c)[: len(order.columns)], descending=order.descending)
    rows = session.execute(by_value.seek(select(counted), limit=limit, **place)).all()
    return Found([tuple(row[:-1]) for row in rows], total=rows[0].total if rows else None)
