"""Reading a number that a person types to confirm how many contacts an act concerns."""

import re

# What people put between digits: spaces, thin ones too, and the marks that languages group thousands by.
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[\s,.'’\u2009\u202f]+(?=[0-9])")
_NUMBER = re.compile("[0-9]{1,18}", re.ASCII)


def read_number(text: str) -> int | None:
    """The number that was typed: "1,204", "1 204" and "1204" are the same; None for anything else."""
    bare = _BETWEEN_DIGITS.sub("", text.strip())
    return int(bare) if _NUMBER.fullmatch(bare) else None
