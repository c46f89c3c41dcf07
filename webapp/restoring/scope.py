"""The scope: which deleted contacts are meant, frozen when the dialog opens.

Confirming starts exactly that, even an hour of deletions later (design section 6, rule 6). The web signs
the form `to_dict` gives; this module only says what is in it.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.restoring.filters import Filters

# "This selection allows you to restore up to 100 contacts at a time" (article).
LARGEST_SELECTION = 100
# How long a dialog may stay open before its question is asked anew.
GOOD_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class Scope:
    """One confirmation's meaning. Raises ValueError where more contacts are chosen than one may choose."""

    workspace_id: int
    # Deleted within 30 days before this moment …
    as_of: datetime
    # … and in a deletion numbered at most this.
    through_number: int
    # The idempotency key: one confirmation, one job.
    key: str
    # How many contacts the dialog spoke of.
    expected: int
    # What the dialog said: its title, the scope in words, and who will stay in the bin.
    title: str
    words: str
    skips: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    filters: Filters | None = None
    # By ids: the digest of the plan that the dialog showed.
    plan_digest: str = ""

    def __post_init__(self) -> None:
        # Whoever lets more through has forgotten to ask the person; the job would restore them all.
        if len(self.ids) > LARGEST_SELECTION:
            raise ValueError(f"{len(self.ids)} contacts chosen, {LARGEST_SELECTION} are the most")

    @property
    def kind(self) -> str:
        return "filters" if self.filters is not None else "ids"

    @property
    def is_a_search(self) -> bool:
        """Whether it means the contacts that a text is found in."""
        return self.filters is not None and bool(self.filters.q)

    def is_old(self, now: datetime) -> bool:
        """Whether its dialog has been open for more than 30 minutes at `now`, the same clock's reading."""
        return now - self.as_of > GOOD_FOR

    def to_dict(self) -> dict[str, Any]:
        """The scope as plain JSON values."""
        filters = None
        if self.filters is not None:
            filters = {
                "q": self.filters.q,
                "since": self.filters.since and self.filters.since.isoformat(),
                "before": self.filters.before and self.filters.before.isoformat(),
                "deleted_by": self.filters.deleted_by,
                "deletion": self.filters.deletion,
            }
        return {
            "workspace_id": self.workspace_id,
            "as_of": self.as_of.isoformat(),
            "through_number": self.through_number,
            "key": self.key,
            "expected": self.expected,
            "title": self.title,
            "words": self.words,
            "skips": list(self.skips),
            "ids": list(self.ids),
            "filters": filters,
            "plan_digest": self.plan_digest,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Scope":
        """The scope that `to_dict` wrote; the signature has vouched for it, so nothing is checked again."""
        filters = data["filters"]
        if filters is not None:
            filters = Filters(
                **filters
                | {
                    name: filters[name] and datetime.fromisoformat(filters[name])
                    for name in ("since", "before")
                }
            )
        return cls(
            **data
            | {
                "as_of": datetime.fromisoformat(data["as_of"]),
                "ids": tuple(data["ids"]),
                "skips": tuple(data["skips"]),
                "filters": filters,
            }
        )

    @property
    def hash(self) -> str:
        """The same for two confirmations exactly if they mean the same."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()
