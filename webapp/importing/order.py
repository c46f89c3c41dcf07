"""What an import was asked to do, as its job's request holds it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What to do with contacts that exist.
SKIP, UPDATE = "skip", "update"

# The parts of a request that can name a person: they are set apart (docs/adr/0021).
_TEXTS = ("file_name", "header")


@dataclass(frozen=True)
class ImportRequest:
    """`mapping` says which column is about which `Field`, by the column's index as a text.

    `agreed`: the people of the file have agreed to messages, so that those in a column of lists are
    Subscribed. `wake`: automations begin. `even_if_deleted`: contacts are added even where a deleted one has
    the address. `keep_commas`: tags and lists without ";" are not split at their commas. `list_id`: the list
    that all contacts are put on, which is called `list_name`.
    """

    file_id: int
    mapping: Mapping[str, str] = field(default_factory=dict)
    existing: str = SKIP
    agreed: bool = False
    wake: bool = False
    even_if_deleted: bool = False
    keep_commas: bool = False
    list_id: int | None = None
    list_name: str = ""

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> "ImportRequest":
        """What a job's request asks for."""
        return cls(**{name: value for name, value in request.items() if name not in _TEXTS})

    @property
    def updates(self) -> bool:
        return self.existing == UPDATE


@dataclass(frozen=True)
class Named:
    """What the file is called, and what its columns are, as long as that is kept; empty afterwards."""

    file_name: str = ""
    header: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str | None) -> "Named":
        """From the text that was set apart."""
        if text is None:
            return cls()
        found = json.loads(text)
        return cls(found["file_name"], tuple(found["header"]))


def set_apart(request: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """The request without its texts, and these."""
    texts = {name: request[name] for name in _TEXTS if name in request}
    rest = {name: value for name, value in request.items() if name not in _TEXTS}
    return rest, json.dumps(texts, ensure_ascii=False) if texts else None
