"""The scope: which deleted contacts are meant, frozen when the dialog opens.

Confirming starts exactly that, even an hour of deletions later (docs/rules.md, rule 6). The web signs what
`to_dict` returns, and a job keeps it as its request (`request`); this module only says what is in it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from webapp.contacts.folding import ANYWHERE_FROM
from webapp.contacts.matching import LITERAL
from webapp.restoring.filters import ERASED, Filters

# "This selection allows you to restore up to 100 contacts at a time" (article).
LARGEST_SELECTION = 100
# How long a dialog may stay open before its question is asked again.
GOOD_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class Scope:
    """One confirmation's meaning. Raises ValueError where more contacts are selected than allowed."""

    workspace_id: int
    # Deleted within 30 days before this moment …
    as_of: datetime
    # … and in a deletion numbered at most this.
    through_number: int
    # The idempotency key: one confirmation, one job.
    key: str
    # How many contacts the dialog spoke of.
    expected: int
    ids: tuple[int, ...] = ()
    filters: Filters | None = None
    # By ids: the digest of the plan that the dialog showed, and how many contacts it said would stay, by
    # reason.
    plan_digest: str = ""
    # Whether it asks about what another job has left: then `through_number` is that job's, and stays.
    continues: bool = False
    skips: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The job would restore them all, although no dialog can have offered it.
        if len(self.ids) > LARGEST_SELECTION:
            raise ValueError(f"{len(self.ids)} contacts selected, {LARGEST_SELECTION} are the most")

    @property
    def is_by_ids(self) -> bool:
        """Whether it means contacts that were ticked, and not all that match."""
        return self.filters is None

    @property
    def is_a_search(self) -> bool:
        """Whether it means the contacts in which a text is found."""
        return self.filters is not None and bool(self.filters.q)

    @property
    def is_forgotten(self) -> bool:
        """Whether the words of its search are no longer kept (webapp/restoring/request.py)."""
        return self.filters is not None and self.filters.is_forgotten

    def is_old(self, now: datetime) -> bool:
        """Whether its dialog has been open for more than 30 minutes at `now`, a reading of the same clock."""
        return now - self.as_of > GOOD_FOR

    def to_dict(self) -> dict[str, Any]:
        """The scope as plain JSON values."""
        filters = None
        if self.filters is not None:
            filters = {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in asdict(self.filters).items()
                if name != "folding"
            } | {"q": _for_previous_release(self.filters.q)}
        return {
            "workspace_id": self.workspace_id,
            "as_of": self.as_of.isoformat(),
            "through_number": self.through_number,
            "key": self.key,
            "expected": self.expected,
            "ids": list(self.ids),
            "filters": filters,
            # Beside the filters, of which the release before knows no others and understands `q` in its way.
            "search": [self.filters.q, self.filters.folding] if self.filters else None,
            "plan_digest": self.plan_digest,
            "skips": dict(self.skips),
            "continues": self.continues,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Scope":
        """The scope that `to_dict` wrote. The signature has vouched for it, so nothing is checked again.

        One that the release before wrote has sentences in it as well, which are left out.
        """
        filters, skips = data["filters"], data["skips"]
        if filters is not None:
            moments = {
                name: filters[name] and datetime.fromisoformat(filters[name]) for name in ("since", "before")
            }
            # The release before wrote only `q`: a literal text.
            q, folding = data.get("search") or (filters["q"], LITERAL)
            filters = Filters(**{**filters, **moments, "q": q, "folding": folding})
        return cls(
            workspace_id=data["workspace_id"],
            as_of=datetime.fromisoformat(data["as_of"]),
            through_number=data["through_number"],
            key=data["key"],
            expected=data["expected"],
            ids=tuple(data["ids"]),
            filters=filters,
            plan_digest=data["plan_digest"],
            skips=skips if isinstance(skips, dict) else {},
            continues=data.get("continues", False),
        )


def _for_previous_release(q: str) -> str:
    """The search for the release before, which can continue a job after a rollback and reads a literal text.

    It must find nothing that the words do not find. So the longest word comes first: a short one must begin
    a word, which a literal text does not ask of its own beginning.
    """
    words = sorted(q.split(), key=len, reverse=True)
    if len(words) > 1 and len(words[0]) < ANYWHERE_FROM:
        words.append(ERASED)
    return " ".join(words)
