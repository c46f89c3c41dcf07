"""A number that a person types to confirm it: with or without separators of thousands."""

import re

from webapp.numbers import whole_number

# Between groups of three digits stands a comma, a point, an apostrophe or a space of some width.
SEPARATED = re.compile(r"[0-9]{1,3}([,.'’\s][0-9]{3})+")
SEPARATORS = re.compile(r"[,.'’\s]")


def typed_number(text: str) -> int | None:
    """The number: "1204", "1,204" and "1 204" are the same. None for another text."""
    text = text.strip()
    return whole_number(SEPARATORS.sub("", text) if SEPARATED.fullmatch(text) else text, least=0)
