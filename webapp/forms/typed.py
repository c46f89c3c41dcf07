"""Typed texts: what a person sees of them, and why one does not fit."""

from webapp.characters import without_invisible
from webapp.contacts.import_rows import CONTROL


def as_seen(text: str | None) -> str:
    """What the person sees of a pasted text: no zero-width space, and no space around it."""
    return without_invisible(text or "").strip()


def visible(text: str | None) -> str:
    """A typed name without spaces around it; empty if there is nothing to see in it."""
    text = (text or "").strip()
    return text if as_seen(text) else ""


def searched(text: str | None) -> str:
    """A text to search for: one line, not longer than a name."""
    return " ".join(CONTROL.sub(" ", text or "").split())[:160]


def why_unfit(what: str, text: str, longest: int) -> str | None:
    """A sentence that says why a line of text cannot be stored; None if it can. `what` begins it."""
    if CONTROL.search(text):
        return f"{what} contains a line break or another control character. Type it in one line."
    if len(text) > longest:
        return f"{what} is too long. Type at most {longest} characters."
    return None
