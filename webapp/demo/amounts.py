"""How a load of contacts is made up, so that the numbers asked for come out exactly."""

from dataclasses import dataclass
from functools import cached_property

# How many contacts the small deletions take together, where there are enough.
SMALL_TOTAL = 74


@dataclass(frozen=True)
class Amounts:
    """`live` and `deleted` are the numbers asked for."""

    live: int
    deleted: int

    @cached_property
    def twins(self) -> int:
        """How many addresses lie in the bin twice: about one in a hundred."""
        return self.deleted // 100 or int(self.deleted >= 20)

    @cached_property
    def taken(self) -> int:
        """How many deleted contacts have an address that a live contact has taken since."""
        return min(self.twins, self.live)

    @cached_property
    def showcase(self) -> int:
        """Whether the one contact with every association is among the deleted: 1 or 0."""
        return int(self.deleted >= 20)

    @cached_property
    def leaving(self) -> int:
        """How many of the contacts that are there at first get deleted."""
        return self.deleted - self.twins - self.showcase

    @cached_property
    def at_first(self) -> int:
        return self.live - self.taken + self.leaving

    @cached_property
    def small(self) -> int:
        """How many go in the small deletions; the first of each two twins is among them."""
        return min(SMALL_TOTAL, self.deleted // 4) + self.twins

    @cached_property
    def met_again(self) -> slice:
        """Which of those leaving have their address taken: a third went in small deletions."""
        start = self.small - min(self.taken // 3, self.small - self.twins)
        return slice(start, start + self.taken)

    def rank(self, place: int) -> int | None:
        """The how-manieth of those leaving contact `place` of `at_first` is, from 0; None if it stays.

        Those who leave stand evenly spread, so that they share deals with those who stay.
        """
        rank = place * self.leaving // self.at_first
        return rank if (place + 1) * self.leaving // self.at_first > rank else None
