"""What people type into forms: how it is read, and what no field accepts."""

import unicodedata
from typing import Any

from wtforms import Field
from wtforms.validators import Length, ValidationError

from webapp.characters import name_key, without_invisible
from webapp.importing.rows import CONTROL


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


def on_one_line(text: str | None) -> str:
    """The text with one space for each run of spaces and line breaks."""
    return " ".join((text or "").split())


def named(_form: Any, field: Field) -> None:
    """Refuses a name in which there is nothing to see, and one with a character that cannot be typed: no
    database stores a NUL, and half a character is none."""
    text = field.data or ""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValidationError("This contains a character that no name has. Type it again.")
    if not name_key(text):
        raise ValidationError("Type a name.")


def lines(text: str | None) -> str:
    """The text with the app's line breaks, without empty space at its ends."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def longest(characters: int) -> Length:
    """Refuses a text of more characters."""
    return Length(max=characters, message=f"Type at most {characters:,} characters.")


def storable(_form: Any, field: Field) -> None:
    """Refuses a NUL, which no database stores."""
    if "\0" in (field.data or ""):
        raise ValidationError("This text contains a character that cannot be stored.")


def to_be_seen(_form: Any, field: Field) -> None:
    """Refuses a text in which there is nothing to see."""
    if not name_key(field.data or ""):
        raise ValidationError("Type something that can be seen.")
