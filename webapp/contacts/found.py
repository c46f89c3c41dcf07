"""What finding contacts in an order returns."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.contacts.keyset import Place


@dataclass(frozen=True)
class Found:
    """Places of wanted contacts in the order that was asked for, up to a limit. `total` is the number of all,
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
