"""Whole numbers as text: from addresses, forms, settings and commands."""

# The largest id that the databases can hold.
LARGEST_ID = 2**63 - 1


def whole_number(text: str, *, least: int = 1, most: int = LARGEST_ID) -> int | None:
    """The number in `text`, which has ASCII digits only; None for another text and for one out of range."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if least <= number <= most else None
