"""What people type into forms: how it is read, and what no field accepts."""

import unicodedata
from typing import Any

from wtforms import Field
from wtforms.validators import ValidationError

from webapp.characters import name_key, without_invisible


def as_seen(text: str | None) -> str:
    """What the person sees of a pasted text: no zero-width space, and no space around it."""
    return without_invisible(text or "").strip()


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
