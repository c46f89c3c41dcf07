"""The numbers of contacts in each part of a load; they add up exactly to the numbers asked for."""

from dataclasses import dataclass
from functools import cached_property

# How many contacts all small deletions delete together, if there are enough.
SMALL_TOTAL = 74


@dataclass(frozen=True)
class Amounts:
    """`live` and `deleted` are the numbers asked for."""

    live: int
    deleted: int

    @cached_property
    def twins(self) -> int:
        """How many addresses two deleted contacts share: about one in a hundred."""
        return self.deleted // 100 or int(self.deleted >= 20)

    @cached_property
    def taken(self) -> int:
        """How many deleted contacts have an address that a live contact uses now."""
        return min(self.twins, self.live)

    @cached_property
    def showcase(self) -> int:
        """1 if the contact with every association is among the deleted, else 0."""
        return int(self.deleted >= 20)

    @cached_property
    def leaving(self) -> int:
        """How many of the contacts that are added first are deleted later."""
        return self.deleted - self.twins - self.showcase

    @cached_property
    def at_first(self) -> int:
        return self.live - self.taken + self.leaving

    @cached_property
    def small(self) -> int:
        """How many contacts the small deletions delete; they include the first of each two twins."""
        return min(SMALL_TOTAL, self.deleted // 4) + self.twins

    @cached_property
    def met_again(self) -> slice:
        """The ranks of the deleted contacts whose address is taken; a third belong to small deletions."""
        start = self.small - min(self.taken // 3, self.small - self.twins)
        return slice(start, start + self.taken)

    def rank(self, position: int) -> int | None:
        """The rank, from 0, of the contact at `position` among those that are deleted; None if it stays.

        The deleted contacts are spread evenly, so that they share deals with those that stay.
        """
        rank = position * self.leaving // self.at_first
        return rank if (position + 1) * self.leaving // self.at_first > rank else None
