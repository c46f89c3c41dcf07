"""The selection of a list page: ids that travel with each request, survive paging and filtering, and are
checked here again."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from flask import request

from webapp.numbers import whole_number
from webapp.restoring.scope import LARGEST_SELECTION
from webapp.words.numbers import counted


@dataclass(frozen=True)
class Selection:
    """What the bar says about the selected rows, and what the page must send along so that none is lost."""

    ids: list[int]
    # The ids that the page sent along and that no longer exist. It must not send them again.
    gone: Sequence[int] = ()
    # How many of them do not match the filters.
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

    def not_on_page(self, page_ids: Container[int]) -> list[int]:
        """The selected ids that are not among `page_ids`, so that no tick box on the page carries them."""
        return [row_id for row_id in self.ids if row_id not in page_ids]


def read_ids(values: Iterable[str], noun: str = "contact") -> tuple[list[int], str | None]:
    """The ids in `values`, each once, and a sentence if some could not be read or there are too many."""
    numbers = [whole_number(value) for value in values]
    ids = list(dict.fromkeys(number for number in numbers if number is not None))
    if None in numbers:
        return ids, "Part of the selection could not be read. Check the ticks."
    if len(ids) > LARGEST_SELECTION:
        return ids, f"You can select up to {counted(LARGEST_SELECTION, noun)} at a time."
    return ids, None


def read_selected_ids(noun: str = "contact") -> tuple[list[int], str | None]:
    """The same for this request, from its address or its form; no ids after "Clear"."""
    if request.args.get("clear"):
        return [], None
    return read_ids(request.values.getlist("selected"), noun)


def removed(number: int, noun: str = "contact") -> str | None:
    """A sentence about the selected rows that no longer exist; None if there are none."""
    if not number:
        return None
    verbs = ("is", "was") if number == 1 else ("are", "were")
    return (
        f"{counted(number, f'selected {noun}')} {verbs[0]} no longer here and {verbs[1]} removed from the "
        "selection."
    )
