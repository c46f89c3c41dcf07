"""Deletions as they happened: a page deletes at most 100 contacts, so one act of a person can be many.

A bundle is the deletions of one user in one way that follow each other by less than ten minutes, for an hour
at most from the first to the last. A chain that is longer is split from its oldest end, so that a further
deletion leaves the bundles before it as they are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from webapp.models import WINDOW, Deletion, User, days_left, restorable_until
from webapp.restoring.numbers import MOST

GAP = timedelta(minutes=10)
LONGEST = timedelta(hours=1)
# The latest deletions are enough for every page; an account with more sees the older ones one by one.
MOST_READ = 10_000


class Part(NamedTuple):
    """One deletion."""

    number: int
    user_id: int | None
    user: str | None
    source: str
    at: datetime
    contact_count: int
    in_bin: int


@dataclass(frozen=True)
class Bundle:
    """The deletions of a bundle within the window, oldest first, and those with contacts in the bin."""

    parts: tuple[Part, ...]
    left: tuple[Part, ...]

    @property
    def user_id(self) -> int | None:
        return self.parts[0].user_id

    @property
    def user(self) -> str | None:
        """The name of the user who deleted the contacts; None for one who has left."""
        return self.parts[0].user

    @property
    def source(self) -> str:
        return self.parts[0].source

    @property
    def number(self) -> int:
        """The number of its latest deletion, which names it: a bundle that has grown is another one."""
        return self.parts[-1].number

    @property
    def numbers(self) -> tuple[int, ...]:
        """The deletions to restore."""
        return tuple(part.number for part in self.left)

    @property
    def first_at(self) -> datetime:
        return self.left[0].at

    @property
    def last_at(self) -> datetime:
        return self.left[-1].at

    @property
    def contact_count(self) -> int:
        """How many contacts were deleted."""
        return sum(part.contact_count for part in self.parts)

    @property
    def in_bin(self) -> int:
        """How many of them are in the bin."""
        return sum(part.in_bin for part in self.left)

    @property
    def until(self) -> datetime:
        """Until when all of them can be restored."""
        return restorable_until(self.first_at)

    def days_left(self, now: datetime) -> int:
        """How many whole days remain in which all of them can be restored."""
        return days_left(self.first_at, now)


def read_bundles(
    session: Session, workspace_id: int, now: datetime, *spans: tuple[datetime, datetime]
) -> list[Bundle]:
    """The bundles with contacts in the bin, the one with the latest deletion first.

    With `spans`, only those that touch one of these spans of time. One statement reads all the deletions, by
    the index of the latest ones; one that is under way is not among them.
    """
    spans = spans or ((now - WINDOW, now),)
    # A bundle that is partly in the span is known as a whole.
    touched = or_(
        *(
            and_(Deletion.created_at >= first - LONGEST, Deletion.created_at <= last + LONGEST)
            for first, last in spans
        )
    )
    read = (
        select(
            Deletion.number,
            Deletion.user_id,
            User.name,
            Deletion.source,
            Deletion.created_at,
            Deletion.contact_count,
            Deletion.in_bin,
        )
        .outerjoin(User, User.id == Deletion.user_id)
        .where(Deletion.workspace_id == workspace_id, Deletion.completed_at.is_not(None), touched)
        .order_by(Deletion.created_at.desc(), Deletion.id.desc())
        .limit(MOST_READ)
    )
    # A complete deletion has its number.
    parts = [
        Part(number or 0, by, name, source, at, contact_count, in_bin)
        for number, by, name, source, at, contact_count, in_bin in session.execute(read)
    ]
    bundles = filter(None, (_in_window(chained, now) for chained in chains(reversed(parts))))
    touching = (
        bundle
        for bundle in bundles
        if any(first <= bundle.last_at and bundle.first_at <= last for first, last in spans)
    )
    return sorted(touching, key=lambda bundle: (bundle.last_at, bundle.number), reverse=True)


def chains(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """The deletions, oldest first, as bundles."""
    bundles: list[list[Part]] = []
    latest: dict[tuple[int | None, str], list[Part]] = {}
    for part in parts:
        bundle = latest.get((part.user_id, part.source))
        if bundle is None or not _belongs(part, bundle):
            bundle = latest[part.user_id, part.source] = []
            bundles.append(bundle)
        bundle.append(part)
    return iter(bundles)


def _belongs(part: Part, bundle: list[Part]) -> bool:
    """Whether a deletion continues a bundle. A link names MOST deletions."""
    first, last = bundle[0], bundle[-1]
    return part.at - last.at < GAP and part.at - first.at <= LONGEST and len(bundle) < MOST


def _in_window(parts: list[Part], now: datetime) -> Bundle | None:
    """The bundle without what is beyond the window; None if nothing of it is in the bin."""
    within = tuple(part for part in parts if part.at >= now - WINDOW)
    left = tuple(part for part in within if part.in_bin > 0)
    return Bundle(within, left) if left else None
