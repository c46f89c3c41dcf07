"""Sets of deletions as text: their numbers, and ranges of numbers, as in "7,9-12"."""

from collections.abc import Iterable

from webapp.numbers import whole_number

# A bundle of an hour, a page of contacts every seven seconds.
MOST = 500


class TooMany(ValueError):
    """More than MOST numbers."""


def read_numbers(text: str) -> tuple[int, ...]:
    """The numbers in `text`, sorted, each once. Raises TooMany, and ValueError for another text."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        begin = whole_number(first, least=0)
        end = whole_number(last, least=0) if dash else begin
        if begin is None or end is None or end < begin:
            raise ValueError(text)
        if end - begin >= MOST:
            raise TooMany
        numbers.update(range(begin, end + 1))
        if len(numbers) > MOST:
            raise TooMany
    return tuple(sorted(numbers))


def write_numbers(numbers: Iterable[int]) -> str:
    """The text that `read_numbers` reads as these numbers."""
    ranges: list[list[int]] = []
    for number in sorted(set(numbers)):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
