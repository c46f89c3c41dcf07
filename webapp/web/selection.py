"""The selection of a list page: ids that travel with each request, survive paging and filtering, and are
checked here again."""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from flask import request

from webapp.restoring.scope import LARGEST_SELECTION
from webapp.web.paging import LARGEST_ID


@dataclass(frozen=True)
class Selection:
    """What the bar says about the selected rows, and what the page must carry along so that none is lost."""

    ids: list[int]
    # How many of them the filters do not match.
    hidden_by_filter: int = 0
    message: str | None = None
    # Whether the page shows only the selected rows.
    is_shown: bool = False
    limit: int = LARGEST_SELECTION
    # False if part of it could not be read, or if it is too large.
    ok: bool = True

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def over_limit(self) -> bool:
        return self.count > self.limit

    def elsewhere(self, here: Container[int]) -> list[int]:
        """The selected ids that are not `here`, among the rows of the page, so have no tick box on it."""
        return [row_id for row_id in self.ids if row_id not in here]


def ticked(values: Iterable[str], noun: str = "contact") -> tuple[list[int], str | None]:
    """The ids in `values`, each once, and a sentence if some could not be read or there are too many."""
    ids: dict[int, None] = {}
    unreadable = 0
    for value in values:
        if value.isascii() and value.isdigit() and len(value) <= 19 and 0 < int(value) <= LARGEST_ID:
            ids[int(value)] = None
        else:
            unreadable += 1
    if unreadable:
        return list(ids), "Part of the selection could not be read. Check the ticks."
    if len(ids) > LARGEST_SELECTION:
        return list(ids), f"You can select up to {LARGEST_SELECTION} {noun}s at a time."
    return list(ids), None


def ticked_here(noun: str = "contact") -> tuple[list[int], str | None]:
    """The same for this request, from its address or its form; none after "Clear"."""
    if request.args.get("clear"):
        return [], None
    return ticked(request.values.getlist("selected"), noun)


def still_there(ids: list[int], found: Container[int], noun: str = "contact") -> tuple[list[int], str | None]:
    """Those of `ids` that were found, in their order, and a sentence about the others."""
    left = [row_id for row_id in ids if row_id in found]
    gone = len(ids) - len(left)
    if not gone:
        return left, None
    if gone == 1:
        return left, f"1 {noun} you selected is no longer here. It is out of the selection now."
    return left, f"{gone:,} {noun}s you selected are no longer here. They are out of the selection now."
