"""The ticked contacts. They live in the page, survive paging and filtering, and are checked here again."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import request

from webapp.restoring.scope import LARGEST_SELECTION
from webapp.web.paging import LARGEST_ID


@dataclass(frozen=True)
class Selection:
    """What the bar says, and what the page must carry so that nothing is lost."""

    ids: list[int]
    elsewhere: list[int]
    hidden_by_filter: int
    message: str | None
    limit: int = LARGEST_SELECTION
    # False: part of what was sent could not be read, or it was too much.
    ok: bool = True

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def over_limit(self) -> bool:
        return self.count > self.limit


def ticked(values: Iterable[str]) -> tuple[list[int], str | None]:
    """The ids among `values`, each once, and a sentence about what could not be read or is too much."""
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
        return list(ids), f"You can select up to {LARGEST_SELECTION} contacts at a time."
    return list(ids), None


def ticked_here() -> tuple[list[int], str | None]:
    """The same for this request, in its address or its form; none after "Clear"."""
    if request.args.get("clear"):
        return [], None
    return ticked(request.values.getlist("selected"))


def still_there(ids: list[int], found: list[int]) -> tuple[list[int], str | None]:
    """Those of `ids` that were found, in their order, and a sentence about the others."""
    there = set(found)
    left = [contact_id for contact_id in ids if contact_id in there]
    gone = len(ids) - len(left)
    if not gone:
        return left, None
    if gone == 1:
        return left, "1 contact you selected is no longer here. It is out of the selection now."
    return left, f"{gone:,} contacts you selected are no longer here. They are out of the selection now."
