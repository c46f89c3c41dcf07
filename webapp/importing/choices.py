"""What a person chooses about an import, and the request of its job, which holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.catalogue.lookup import Found

SKIP, UPDATE = "skip", "update"


@dataclass(frozen=True)
class Choices:
    """`mapping` names the field of each column that is imported, by the column's index. `existing` says what
    becomes of contacts that exist; `agreed`, that these people have agreed to get messages; `wake`, that
    automations may begin; `put_on`, on which list they are put. Raises ValueError for an `existing` that
    there is not."""

    mapping: Mapping[str, str]
    existing: str = SKIP
    agreed: bool = False
    wake: bool = False
    even_if_deleted: bool = False
    keep_commas: bool = False
    put_on: Found | None = None

    def __post_init__(self) -> None:
        if self.existing not in (SKIP, UPDATE):
            raise ValueError(self.existing)

    def to_request(self, file_id: int) -> dict[str, Any]:
        """The request of the job that imports the file with these choices; plain JSON."""
        # Only where one was chosen: the release before knows no list.
        put_on = {"list_id": self.put_on.id, "list_name": self.put_on.name} if self.put_on else {}
        return {
            "file_id": file_id,
            "mapping": dict(self.mapping),
            "existing": self.existing,
            "agreed": self.agreed,
            "wake": self.wake,
            "even_if_deleted": self.even_if_deleted,
            "keep_commas": self.keep_commas,
            **put_on,
        }
