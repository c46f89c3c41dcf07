"""Texts in files that spreadsheets open: one that looks like a formula is defused, and an import undoes that
without loss.
"""

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV injection"), also in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
SIGN = "'"
# Nearly every cell begins with another character.
_FIRST = frozenset((*FORMULA, SIGN))


def defused(cell: object) -> object:
    """The cell, with an apostrophe before a text that a spreadsheet would take for a formula, or that looks
    like one that was defused."""
    if isinstance(cell, str) and cell[:1] in _FIRST and _looks_like_one(cell):
        return SIGN + cell
    return cell


def undefused(cell: str) -> str:
    """The text that `defused` was given; any other text as it is."""
    if not cell.startswith(SIGN):
        return cell
    rest = cell.removeprefix(SIGN)
    return rest if _looks_like_one(rest) else cell


def _looks_like_one(cell: str) -> bool:
    return cell.lstrip(SIGN).startswith(FORMULA)
