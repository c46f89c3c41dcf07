"""Reading a field of an import file that holds several names: its tags or its lists.

They are separated by semicolons. A field without a semicolon is split at its commas, because many programs
separate tags by commas; a name that exists with a comma stays whole.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.characters import name_key
from webapp.models import MailingList, Tag

# In quotation marks a mark is doubled.
_QUOTED = r'"([^"]*(?:""[^"]*)*)"'
_ITEM = {separator: re.compile(rf"\s*{_QUOTED}\s*(?={separator}|\Z)|[^{separator}]*") for separator in ";,"}
_SEPARATED = re.compile('[;,"]')
# What an export writes between names.
SEPARATOR = "; "
# The comma, and the characters that the key of a name folds to it.
_COMMAS = ",\ufe10\ufe50\uff0c"


@dataclass(frozen=True, slots=True)
class Split:
    """A field of row `line` whose `text` was split at its commas into so many names."""

    line: int
    column: str
    text: str
    names: int


class NameFields:
    """Reads the fields with several names in the order of the file.

    `existing` are names of each column that contain a comma and stay whole; so do those that the file itself
    has in a field with semicolons. With `keep_commas` nothing is split at commas.
    """

    KINDS: ClassVar[dict[str, type[Tag] | type[MailingList]]] = {"Tags": Tag, "Lists": MailingList}

    def __init__(
        self, existing: dict[str, Iterable[str]] | None = None, *, keep_commas: bool = False
    ) -> None:
        self._keep_commas = keep_commas
        # What fields with a single name hold.
        self._single: dict[str, tuple[str, ...]] = {}
        # The names with a comma by their keys, and how many items the longest has.
        self._whole: dict[str, dict[str, str]] = {column: {} for column in self.KINDS}
        self._longest = dict.fromkeys(self.KINDS, 1)
        for column, names in (existing or {}).items():
            self._remember(column, _by_key(names))

    @classmethod
    def of_workspace(cls, session: Session, workspace_id: int, *, keep_commas: bool = False) -> "NameFields":
        """A reader that knows the names of the workspace's live tags and lists."""
        existing: dict[str, Iterable[str]] = {}
        for column, kind in cls.KINDS.items():
            with_comma = or_(*(kind.name.contains(comma) for comma in _COMMAS))
            existing[column] = session.scalars(
                select(kind.name).where(
                    kind.workspace_id == workspace_id, kind.deleted_at.is_(None), with_comma
                )
            ).all()
        return cls(existing, keep_commas=keep_commas)

    def read(self, line: int, column: str, text: str) -> tuple[tuple[str, ...], Split | None]:
        """The names in the field, each once; and how it was split, if that was at commas."""
        if not text:
            return (), None
        if not _SEPARATED.search(text):
            # Most fields hold one name, and few names are in most rows.
            if (known := self._single.get(text)) is None:
                known = self._single[text] = (text,) if name_key(text) else ()
            return known, None
        if self._keep_commas or ";" in text or "," not in text:
            names = _by_key(item for item, _, _ in _items(text, ";"))
            self._remember(column, names)
            return tuple(names.values()), None
        names = _by_key(self._separated_by_commas(column, text))
        split = Split(line, column, text, len(names)) if len(names) > 1 else None
        return tuple(names.values()), split

    def _remember(self, column: str, names: dict[str, str]) -> None:
        for key, name in names.items():
            if "," in key:
                self._whole[column].setdefault(key, name)
                self._longest[column] = max(self._longest[column], key.count(",") + 1)

    def _separated_by_commas(self, column: str, text: str) -> Iterator[str]:
        items, whole, longest = list(_items(text, ",")), self._whole[column], self._longest[column]
        first = 0
        while first < len(items):
            name, start, _ = items[first]
            after = first + 1
            for last in range(min(first + longest, len(items)) - 1, first, -1):
                if existing := whole.get(name_key(text[start : items[last][2]])):
                    name, after = existing, last + 1
                    break
            yield name
            first = after


def quoted(name: str) -> str:
    """A name as it is written into a field with several, so that it is read back as it is."""
    if any(sign in name for sign in ';,"'):
        return '"' + name.replace('"', '""') + '"'
    return name


def _by_key(names: Iterable[str]) -> dict[str, str]:
    """The names that have something to see; of those that look the same, the first."""
    found: dict[str, str] = {}
    for name in names:
        if key := name_key(name):
            found.setdefault(key, name)
    return found


def _items(text: str, separator: str) -> Iterator[tuple[str, int, int]]:
    """The items of the field, each with its place in it; an item may have quotation marks of its own."""
    at = 0
    while at <= len(text):
        found = _ITEM[separator].match(text, at)
        assert found
        yield (found[0] if found[1] is None else found[1].replace('""', '"')).strip(), at, found.end()
        at = found.end() + 1
