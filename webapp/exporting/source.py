"""What an export reads, batch by batch: the seam between its job and the kinds of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from webapp.contacts.keyset import Keyset, Place

Cells = Sequence[object]


@dataclass(frozen=True)
class Batch:
    """The rows of the next part, and the place where the walk has ended, which is None if it has met
    nothing. With `is_last` nothing follows."""

    rows: Sequence[Cells]
    end: Place | None
    is_last: bool


class Source(Protocol):
    """Rows in an order that does not change while they are read. It is frozen: what it means does not change
    after the dialog has opened."""

    # The value of "what" in a request.
    what: ClassVar[str]

    @property
    def is_for_admins(self) -> bool:
        """Whether only Admins may see the rows, even where others may export."""

    @property
    def header(self) -> Cells: ...

    @property
    def file_name(self) -> str:
        """The beginning of the file's name."""

    @property
    def is_forgotten(self) -> bool:
        """Whether the words of its search are no longer kept: then it has no rows."""

    def read(self, session: Session, *, after: Place | None, size: int, now: datetime) -> Batch:
        """The rows of the next `size` items after the place `after`, which may be fewer than `size`: an item
        that does not match has none."""

    def skip(self, session: Session, *, after: Place | None) -> Place | None:
        """The place of the next item; None after the last one."""

    def count(self, session: Session) -> int:
        """How many rows there are now; it can take seconds."""

    def anew(self, session: Session, now: datetime) -> Self:
        """The same question, frozen at `now`."""

    def to_request(self) -> dict[str, Any]:
        """The source as plain JSON values, with its texts."""


def walk(
    session: Session,
    order: Keyset,
    every: ColumnElement[bool],
    *,
    after: Place | None,
    size: int,
) -> tuple[list[int], Place | None]:
    """The ids of the next `size` contacts of those that fulfil `every`, and the place of the last one. Only
    ids, because the moments of thousands of contacts are slow to read and only one is needed."""
    ids = list(session.scalars(order.seek(select(order.id).where(every), limit=size, after=after)))
    if not ids:
        return [], None
    end = session.execute(select(*order.columns).where(order.id == ids[-1])).one()
    return ids, tuple(end)


def to_cursor(place: Place) -> list[object]:
    """A place as a job keeps it."""
    return [value.isoformat() if isinstance(value, datetime) else value for value in place]


def to_place(cursor: Sequence[Any] | None) -> Place | None:
    """The place that `to_cursor` wrote. No order of an export has a text in it."""
    if cursor is None:
        return None
    return tuple(datetime.fromisoformat(value) if isinstance(value, str) else value for value in cursor)


Texts = Mapping[str, str]
